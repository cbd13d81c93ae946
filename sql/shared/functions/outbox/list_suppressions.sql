create or replace function list_suppressions(p_project_id text, p_limit integer) returns jsonb
language sql stable security invoker
as $$
  select (
    select coalesce(jsonb_agg(suppression_json(s) order by s.suppressed_at desc, s.address), '[]')
    from (
      select * from suppressed_addresses
      where project_id = p.id and (expires_at > now() or expires_at is null)
      order by suppressed_at desc, address limit p_limit
    ) s
  )
  from projects p where p.id = p_project_id
$$;

comment on function list_suppressions(text, integer) is
  'The addresses that a project sends no mail to, the newest first, or null without the project. For administrators.';
