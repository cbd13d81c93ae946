-- For administrators. Rows of purpose none stand for no mail and are left out.

create or replace function list_mail(p_project_id text, p_state text, p_limit integer) returns jsonb
language sql stable security invoker
as $$
  select coalesce(jsonb_agg(mail_json(o) order by o.id desc), '[]')
  from (
    select * from outbox
    where purpose <> 'none'
      and (p_project_id is null or project_id = p_project_id)
      and (p_state is null or state = p_state)
    order by id desc limit p_limit
  ) o
$$;

comment on function list_mail(text, text, integer) is
  'The newest mail, of one project and in one state where they are not null. For administrators.';
