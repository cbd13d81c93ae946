-- Where a walk by blocks_from() goes on: at the same blocks while more waits in them; null at the end.

create or replace function next_blocks(p_table regclass, p_block bigint, p_is_full boolean) returns bigint
language sql volatile security invoker
as $$
  select case
    when p_is_full then p_block
    when p_block + 64 < pg_relation_size(p_table) / current_setting('block_size')::bigint then p_block + 64
  end
$$;
