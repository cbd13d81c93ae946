-- Makes a user, whatever sign-up allows, and opens no session. Without a password hash the user cannot
-- sign in by password.
-- For administrators.
-- Returns: user_already_exists. Raises MA901, and what the table's constraints raise.

create or replace function admin_create_user(
  p_email text, p_email_as_typed text, p_password_hash text, p_user_metadata jsonb, p_is_confirmed boolean
) returns jsonb
language plpgsql volatile security definer
set search_path from current
as $$
declare
  v_user users;
  v_identity identities;
begin
  if p_email is null then
    raise exception 'an address is required' using errcode = 'MA901';
  end if;
  insert into users (email, email_as_typed, password_hash, user_metadata, app_metadata, email_confirmed_at)
  values (
    p_email, p_email_as_typed, p_password_hash,
    merged_metadata('{}', p_user_metadata), '{"provider": "email", "providers": ["email"]}',
    case when p_is_confirmed then now() end
  )
  on conflict (email) do nothing
  returning * into v_user;
  if not found then
    return jsonb_build_object('outcome', 'user_already_exists');
  end if;

  v_identity := email_identity(v_user);
  v_identity.last_sign_in_at := null;
  insert into identities select v_identity.*;
  perform record_event('user_created', v_user.id, null, null, jsonb_build_object('by', session_user));
  return jsonb_build_object('outcome', null, 'user', user_json(v_user, user_identities_json(v_user.id)));
end
$$;
