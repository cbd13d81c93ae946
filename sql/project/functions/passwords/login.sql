-- The second half of a sign-in: spends the attempt and compares. A wrong proof is returned, not
-- raised, so that the guess stays counted; so are all causes, under one code, but for what only the
-- right password may learn. The user's row is locked, so a change of password or a deletion
-- happens wholly before or wholly after.
-- Called by the runtime, and by it alone: whoever could roll this back could guess for free.
-- Returns: invalid_credentials, user_banned, email_not_confirmed.

create or replace function login(
  p_attempt uuid,
  p_email text,
  p_proof bytea,
  p_token_hash bytea,
  p_client inet,
  p_user_agent text
) returns jsonb
language plpgsql volatile security definer
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
declare
  v_settings settings;
  v_user users;
begin
  select * into strict v_settings from settings;
  select * into v_user from users where email = p_email for no key update;

  if not spend_attempt(p_attempt, email_subject(p_email)) or not proves_password(v_user, p_proof) then
    perform record_event('login_failed', v_user.id, null, p_client);
    return jsonb_build_object('outcome', 'invalid_credentials');
  end if;
  perform return_guess('password', email_subject(p_email));

  if v_user.banned_until > clock_timestamp() then
    perform record_event('login_refused', v_user.id, null, p_client, '{"code": "user_banned"}');
    return jsonb_build_object('outcome', 'user_banned');
  end if;
  if v_settings.email_confirmation = 'required' and v_user.email_confirmed_at is null then
    return jsonb_build_object('outcome', 'email_not_confirmed');
  end if;

  perform record_event('logged_in', v_user.id, null, p_client, '{"method": "password"}');
  return open_session(v_user, 'password', p_token_hash, p_client, p_user_agent)
    || jsonb_build_object('renew_hash', substr(v_user.password_hash, 5, 2)::integer < v_settings.bcrypt_cost);
end
$$;

comment on function login(uuid, text, bytea, bytea, inet, text) is
  'Signs in with a proof of the password: {outcome, claims, user, renew_hash}, or {outcome: code}.';
