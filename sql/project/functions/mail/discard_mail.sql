-- Takes back all mail that still waits for a user and that carries a token, or all of it. The project is
-- a variable of the index's own collation: current_schema() is a name, which has another.

create or replace function discard_mail(p_user_id uuid, p_notices_too boolean) returns void
language plpgsql volatile security invoker
as $$
declare
  v_project_id text collate "default" := current_schema();
begin
  delete from miosa_auth.outbox
  where project_id = v_project_id
    and user_id = p_user_id
    and (p_notices_too or purpose in (
      'signup', 'invite', 'magiclink', 'recovery', 'email_change', 'email_change_current', 'reauthentication'
    ));
end
$$;
