-- The first row of 64 blocks of a table and the first behind them. A table that has no index by age is read
-- in such steps, each where the one before ended: an index would cost every refresh and every sign-in, and
-- would be read over the dead rows of the steps before.

create or replace function blocks_from(p_block bigint) returns tid[]
language sql stable security invoker
as $$
  select array_agg(format('(%s,0)', least(greatest(block, 0), 4294967294))::tid order by block)
  from unnest(array[p_block, p_block + 64]) block
$$;
