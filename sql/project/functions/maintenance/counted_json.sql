-- A step of prune() through an index: as many as were asked for means that more may wait.

create or replace function counted_json(p_deleted integer, p_limit integer) returns jsonb
language sql immutable security invoker
as $$
  select jsonb_build_object('deleted', p_deleted, 'next', case when p_deleted >= p_limit then 0 end)
$$;
