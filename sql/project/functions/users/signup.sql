-- Makes a user with an address and a password and, unless the address must be confirmed first, opens
-- a session. Where it must, a taken address is answered with a user that is made up and alike, and
-- nothing is written. The unique constraint on the address decides between parallel calls.
-- Called by the runtime. Locks: the address's rate row, then the new user.
-- Returns: over_request_rate_limit, signup_disabled, user_already_exists. Raises MA901.

create or replace function signup(
  p_email text,
  p_email_as_typed text,
  p_password_hash text,
  p_user_metadata jsonb,
  p_token_hash bytea,
  p_client inet,
  p_user_agent text
) returns jsonb
language plpgsql volatile security definer
set search_path from current
as $$
declare
  v_settings settings;
  v_wait integer;
  v_user users;
  v_identity identities;
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

  insert into users (email, email_as_typed, password_hash, user_metadata, app_metadata)
  values (
    p_email, p_email_as_typed, p_password_hash,
    merged_metadata('{}', p_user_metadata), '{"provider": "email", "providers": ["email"]}'
  )
  on conflict (email) do nothing
  returning * into v_user;
  v_is_new := found;

  if not v_is_new then
    if v_settings.email_confirmation <> 'required' then
      return jsonb_build_object('outcome', 'user_already_exists');
    end if;
    v_user := made_up_user(p_email, p_user_metadata);
  end if;

  v_identity := email_identity(v_user);
  if v_is_new then
    insert into identities select v_identity.*;
    perform record_event('signed_up', v_user.id, null, p_client, '{"provider": "email"}');
    -- What an application's triggers deferred runs now, and not at commit with the caller's rights.
    set constraints all immediate;
  end if;

  if v_settings.email_confirmation = 'required' then
    return jsonb_build_object(
      'outcome', null,
      'user', user_json(v_user, jsonb_build_array(identity_json(v_identity)))
    );
  end if;
  return open_session(v_user, 'password', p_token_hash, p_client, p_user_agent);
end
$$;

comment on function signup(text, text, text, jsonb, bytea, inet, text) is
  'Signs a user up by address and password hash: {outcome, user, claims?}, or {outcome: code}.';
