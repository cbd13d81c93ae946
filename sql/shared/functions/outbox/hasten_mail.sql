-- For administrators, when a project's transport was set: what waited for one is due now. A mail that
-- a server has in hand is left to it.

create or replace function hasten_mail(p_project_id text) returns integer
language sql volatile security invoker
as $$
  with hastened as (
    update outbox set due_at = now()
    where project_id = p_project_id and state = 'queued' and purpose <> 'none'
      and lease is null and due_at > now()
    returning id
  )
  select count(*)::integer from hastened
$$;

comment on function hasten_mail(text) is
  'Makes the waiting mail of a project due now: how many. For administrators.';
