-- Somebody signs up with an address that has a user and that nobody has proved: from now on nobody knows
-- whose password is stored, see prove_address(). Not when the same client made the user within the hour,
-- which is a second try. Locks the user.

create or replace function note_repeated_sign_up(p_email text, p_client inet) returns void
language plpgsql volatile security invoker
as $$
declare
  v_user users;
begin
  select * into v_user from users where email = p_email for no key update;
  update users set signed_up_again_at = clock_timestamp()
  where id = v_user.id and email_confirmed_at is null and not exists (
    select from audit_log a
    where a.user_id = v_user.id and a.event = 'signed_up'
      and a.at > clock_timestamp() - interval '1 hour'
      and client_bucket(a.ip) = client_bucket(p_client)
  );
end
$$;
