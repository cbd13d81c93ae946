-- For administrators, in the transaction that drops the project's schema. Its queued mail goes with it.

create or replace function forget_project(p_id text) returns void
language sql volatile security invoker
as $$
  delete from projects where id = p_id
$$;

comment on function forget_project(text) is 'Removes a project from the registry, and its queued mail.';
