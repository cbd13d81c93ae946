-- Merges at top level; a null deletes its key.

create or replace function merged_metadata(p_old jsonb, p_change jsonb) returns jsonb
language sql immutable parallel safe security invoker
as $$
  select coalesce(jsonb_object_agg(m.key, m.value), '{}')
  from jsonb_each(p_old || coalesce(p_change, '{}')) m
  where m.value <> 'null'
$$;
