-- For administrators: mail to an address leaves again; p_address null is for all bounces of the project, as
-- after a mail server that refused everybody. How many; null where there is no such project.

create or replace function lift_suppression(p_project_id text, p_address text) returns integer
language sql volatile security invoker
as $$
  with lifted as (
    delete from suppressed_addresses
    where project_id = p_project_id
      and (address = p_address or p_address is null and reason = 'bounce')
    returning address
  )
  select (select count(*)::integer from lifted) from projects p where p.id = p_project_id
$$;

comment on function lift_suppression(text, text) is
  'Lets mail of a project go to an address again, or to all that bounced where it is null: how many, or null without the project. For administrators.';
