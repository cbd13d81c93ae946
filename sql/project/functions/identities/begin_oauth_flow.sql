-- Notes a browser that is sent to a provider. With p_session_id and p_user_id, the user of that session
-- links an identity; otherwise somebody signs in.
-- Called by the runtime. Counted by client address like a sign-in. Clears up a few flows that nobody
-- came back from.
-- Returns: over_request_rate_limit, manual_linking_disabled, reauthentication_needed; user_not_found, session_not_found,
-- session_expired and user_banned about who links.

create or replace function begin_oauth_flow(
  p_state_hash bytea,
  p_browser_hash bytea,
  p_provider text,
  p_redirect_to text,
  p_code_challenge text,
  p_sealed bytea,
  p_session_id uuid,
  p_user_id uuid,
  p_client inet
) returns jsonb
language plpgsql volatile security definer
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
declare
  v_settings settings;
  v_user users;
  v_refusal jsonb;
begin
  select * into strict v_settings from settings;
  v_refusal := wait_json('over_request_rate_limit', spend_rate('login', p_client, v_settings.logins_per_address));
  if v_refusal is null and p_user_id is not null then
    select * into v_user from users where id = p_user_id;
    v_refusal := refusal_json(identity_change_refusal(p_session_id, v_user, false));
  end if;
  if v_refusal is not null then
    return v_refusal;
  end if;

  perform prune_oauth_flows(10);
  insert into oauth_flows (
    state_hash, browser_hash, provider, redirect_to, code_challenge, sealed, session_id, user_id, expires_at
  )
  values (
    p_state_hash, p_browser_hash, p_provider, p_redirect_to, p_code_challenge, p_sealed, p_session_id, p_user_id,
    clock_timestamp() + interval '10 minutes'
  );
  return jsonb_build_object('outcome', null);
end
$$;

comment on function begin_oauth_flow(bytea, bytea, text, text, text, bytea, uuid, uuid, inet) is
  'Starts a sign-in or a linking at a provider: {outcome}, null or a code.';
