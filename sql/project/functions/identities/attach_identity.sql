-- Gives a user an identity at its own wish; the caller holds the user's row and has asked
-- linking_refusal(). A proved address that comes with it becomes that of a user who had none, unless
-- somebody has it. An anonymous user is one no longer, and keeps its id. The user as it is then.
-- Raises 40001 when somebody was given the identity, or the address, a moment ago.

create or replace function attach_identity(p_user users, p_session_id uuid, p_identity jsonb, p_client inet) returns users
language plpgsql volatile security invoker
as $$
declare
  v_email text := p_identity ->> 'email';
begin
  perform forget_bounce(v_email);
  perform tell_user(p_user, 'identity_linked');
  p_user := add_identity(p_user, p_identity);
  if p_user.email is null and v_email is not null
    and not exists (select from users taken where taken.email = v_email) then
    update users set
      email = v_email, email_as_typed = v_email, email_confirmed_at = clock_timestamp()
    where id = p_user.id;
  end if;
  update users set is_anonymous = false where id = p_user.id returning * into p_user;
  set constraints all immediate;
  perform record_event('identity_linked', p_user.id, p_session_id, p_client, jsonb_build_object('provider', p_identity ->> 'provider'));
  return p_user;
exception when unique_violation then
  raise exception 'the address was taken at the same time' using errcode = '40001';
end
$$;
