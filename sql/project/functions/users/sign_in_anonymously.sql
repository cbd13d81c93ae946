-- Makes a user without an address or any other way to sign in, and opens its only session.
-- Called by the runtime. Counted by client address like a sign-up.
-- Returns: over_request_rate_limit, signup_disabled, anonymous_provider_disabled.

create or replace function sign_in_anonymously(p_user_metadata jsonb, p_token_hash bytea, p_client inet, p_user_agent text)
returns jsonb
language plpgsql volatile security definer
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
declare
  v_settings settings;
  v_refusal jsonb;
  v_user users;
begin
  select * into strict v_settings from settings;
  v_refusal := coalesce(
    wait_json('over_request_rate_limit', spend_rate('signup', p_client, v_settings.signups_per_address)),
    case when not v_settings.signup_enabled then refusal_json('signup_disabled') end,
    case when not v_settings.anonymous_users then refusal_json('anonymous_provider_disabled') end
  );
  if v_refusal is not null then
    return v_refusal;
  end if;

  insert into users (is_anonymous, user_metadata) values (true, merged_metadata('{}', p_user_metadata))
  returning * into v_user;
  set constraints all immediate;
  perform record_event('signed_up', v_user.id, null, p_client, '{"provider": "anonymous"}');
  return open_session(v_user, 'anonymous', p_token_hash, p_client, p_user_agent);
end
$$;

comment on function sign_in_anonymously(jsonb, bytea, inet, text) is
  'Makes an anonymous user with a session: {outcome, claims, user}, or {outcome: code}.';
