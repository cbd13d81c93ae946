create or replace function list_projects() returns jsonb
language sql stable security invoker
as $$
  select coalesce(jsonb_agg(project_json(p) order by p.created_at, p.id), '[]') from projects p
$$;

comment on function list_projects() is 'Every project of this database, oldest first. For administrators.';
