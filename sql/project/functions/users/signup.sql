-- Makes a user with an address and a password and, unless the address must be confirmed first, opens
-- a session. Where it must, a taken address is answered with a user that is made up and alike, and its
-- owner hears of it by mail. The unique constraint on the address decides between parallel calls.
-- Called by the runtime. p_mail is what a mail would carry, see issue_token(). Locks: the client
-- address's rate row, the address's mail budget if it is to be mailed to, the user.
-- Returns: over_request_rate_limit, signup_disabled, user_already_exists. Raises MA901.

create or replace function signup(
  p_email text,
  p_email_as_typed text,
  p_password_hash text,
  p_user_metadata jsonb,
  p_token_hash bytea,
  p_mail jsonb,
  p_client inet,
  p_user_agent text
) returns jsonb
language plpgsql volatile security definer
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
declare
  v_settings settings;
  v_wait integer;
  v_user users;
  v_identities jsonb;
  v_is_new boolean;
begin
  if p_email is null or p_password_hash is null then
    raise exception 'an address and a password hash are required' using errcode = 'MA901';
  end if;
  select * into strict v_settings from settings;

  v_wait := spend_rate('signup', p_client, v_settings.signups_per_address);
  if v_wait is not null then
    return jsonb_build_object('outcome', 'over_request_rate_limit', 'retry_after', v_wait);
  end if;
  if not v_settings.signup_enabled then
    return jsonb_build_object('outcome', 'signup_disabled');
  end if;

  if v_settings.email_confirmation <> 'off' and p_mail is not null then
    perform lock_mail_budget(p_email);
  end if;
  v_user := create_email_user(p_email, p_email_as_typed, p_password_hash, p_user_metadata);
  v_is_new := v_user.id is not null;
  if not v_is_new then
    perform note_repeated_sign_up(p_email, p_client);
  end if;
  if not v_is_new and v_settings.email_confirmation <> 'required' then
    return jsonb_build_object('outcome', 'user_already_exists');
  end if;
  if v_is_new then
    perform record_event('signed_up', v_user.id, null, p_client, '{"provider": "email"}');
  end if;
  if v_settings.email_confirmation <> 'off' then
    v_user := mail_sign_up(p_email, v_user, p_mail);
  end if;
  if v_settings.email_confirmation <> 'required' then
    return open_session(v_user, 'password', p_token_hash, p_client, p_user_agent);
  end if;

  if not v_is_new then
    v_user := made_up_user(p_email, p_user_metadata);
    v_identities := jsonb_build_array(identity_json(email_identity(v_user)));
  end if;
  return jsonb_build_object(
    'outcome', null,
    'user', user_json(v_user, coalesce(v_identities, user_identities_json(v_user.id)))
  );
end
$$;

comment on function signup(text, text, text, jsonb, bytea, jsonb, inet, text) is
  'Signs a user up by address and password hash: {outcome, user, claims?}, or {outcome: code}.';
