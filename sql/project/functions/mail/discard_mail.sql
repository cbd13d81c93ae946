-- Takes back all mail that still waits for a user and that carries a token, or all of it.

create or replace function discard_mail(p_user_id uuid, p_notices_too boolean) returns void
language sql volatile security invoker
as $$
  delete from miosa_auth.outbox
  where project_id = current_schema()
    and user_id = p_user_id
    and (p_notices_too or purpose not in ('account_exists', 'password_changed', 'email_changed'))
$$;
