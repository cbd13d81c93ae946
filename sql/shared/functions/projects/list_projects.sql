create or replace function list_projects() returns jsonb
language sql stable security invoker
as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', p.id,
    'owner_role', p.owner_role,
    'state', p.state,
    'release', p.release,
    'created_at', to_char(p.created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
  ) order by p.created_at, p.id), '[]')
  from projects p
$$;

comment on function list_projects() is 'Every project of this database, oldest first. For administrators.';
