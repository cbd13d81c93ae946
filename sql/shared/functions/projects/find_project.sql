-- Where a server learns which projects this database holds. Called by the runtime.

create or replace function find_project(p_id text) returns jsonb
language sql stable security definer
set search_path from current
as $$
  select project_json(p) from projects p where p.id = p_id
$$;

comment on function find_project(text) is
  'A project of this database: {id, owner_role, state, release, created_at}, or null.';
