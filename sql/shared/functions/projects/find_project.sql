-- Where a server learns which projects this database holds. Called by the runtime.

create or replace function find_project(p_id text) returns jsonb
language sql stable security definer
set search_path from current
as $$
  select jsonb_build_object('id', p.id, 'state', p.state, 'release', p.release)
  from projects p
  where p.id = p_id
$$;

comment on function find_project(text) is 'A project of this database, or null: {id, state, release}.';
