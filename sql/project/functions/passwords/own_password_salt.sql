-- The salt of the caller's own password. With p_is_guess, the caller is about to prove the current
-- password: that is a guess like any other and comes out of the same budget as sign-in. Without, it is
-- about to change it unproved, and is told when the new one is the old one: where that is allowed, it
-- is a guess as well, out of a budget of the user's own, and given back when the password was changed.
-- Either way it costs hashes, so it is counted by address like a sign-in.
-- Called by the runtime.
-- Returns: user_not_found, session_not_found, session_expired, user_banned, over_request_rate_limit.

create or replace function own_password_salt(
  p_session_id uuid, p_user_id uuid, p_is_guess boolean, p_client inet
) returns jsonb
language plpgsql volatile security definer
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
declare
  v_settings settings;
  v_user users;
  v_refusal text;
  v_subject bytea;
  v_wait integer;
  v_attempt uuid;
begin
  select * into v_user from users where id = p_user_id;
  v_refusal := caller_refusal(p_session_id, v_user);
  if v_refusal is not null then
    return jsonb_build_object('outcome', v_refusal);
  end if;

  select * into strict v_settings from settings;
  v_subject := case
    when v_user.password_hash is null then null
    when p_is_guess then email_subject(v_user.email)
    when reauthentication_refusal(v_settings.password_change, p_session_id, v_user, null, null) is null
      then user_subject(p_user_id)
  end;
  v_wait := coalesce(
    spend_rate('login', p_client, v_settings.logins_per_address),
    case when v_subject is not null then reserve_guess(
      'password', v_subject, v_settings.login_failures_before_wait, v_settings.login_guesses_per_day
    ) end
  );
  if v_wait is not null then
    return jsonb_build_object('outcome', 'over_request_rate_limit', 'retry_after', v_wait);
  end if;
  if v_subject is not null then
    v_attempt := open_attempt(v_subject);
  end if;
  return jsonb_build_object(
    'outcome', null,
    'attempt', v_attempt,
    'salt', left(v_user.password_hash, 29)
  );
end
$$;

comment on function own_password_salt(uuid, uuid, boolean, inet) is
  'The salt of the caller''s password, null without one: {outcome, attempt, salt}, or {outcome: code, retry_after?}.';
