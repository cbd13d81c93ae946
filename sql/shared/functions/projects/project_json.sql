create or replace function project_json(p_project projects) returns jsonb
language sql stable security invoker
as $$
  select jsonb_build_object(
    'id', p_project.id,
    'owner_role', p_project.owner_role,
    'state', p_project.state,
    'release', p_project.release,
    'created_at', to_char(p_project.created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
  )
$$;

comment on function project_json(projects) is 'A project as the registry shows it.';
