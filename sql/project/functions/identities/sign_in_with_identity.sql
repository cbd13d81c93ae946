-- Signs in by what a provider has proved, see identity_user(). With p_code, {hash, challenge, tokens} in hex,
-- a client that sent a PKCE challenge gets an authorization code, and the provider's sealed tokens wait
-- with it; otherwise a session is opened.
-- Called by the runtime. Locks: the client address's rate row, the nonce, the user, its sessions.
-- Returns: bad_oauth_callback for the nonce of an ID token that was there before; user_banned,
-- signup_disabled, email_exists, over_request_rate_limit.

create or replace function sign_in_with_identity(
  p_identity jsonb, p_refresh_hash bytea, p_code jsonb, p_client inet, p_user_agent text
) returns jsonb
language plpgsql volatile security definer
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
declare
  v_found record;
  v_user users;
  v_limit jsonb := direct_sign_in_refusal(p_identity, p_client);
begin
  if v_limit is not null then
    return v_limit;
  end if;
  if not spend_nonce(p_identity) then
    return refusal_json('bad_oauth_callback');
  end if;
  select * into v_found from identity_user(p_identity, p_client);
  v_user := v_found.account;
  if v_found.refusal is not null then
    return refusal_json(v_found.refusal);
  end if;
  if v_user.banned_until > clock_timestamp() then
    perform record_event('login_refused', v_user.id, null, p_client, '{"code": "user_banned"}');
    return refusal_json('user_banned');
  end if;

  perform record_event('logged_in', v_user.id, null, p_client, jsonb_build_object('method', 'oauth', 'provider', p_identity ->> 'provider'));
  if p_code is null then
    return open_session(v_user, 'oauth', p_refresh_hash, p_client, p_user_agent);
  end if;
  perform add_authorization_code(v_user.id, 'oauth', p_code);
  return jsonb_build_object('outcome', null, 'code', true);
end
$$;

comment on function sign_in_with_identity(jsonb, bytea, jsonb, inet, text) is
  'Signs in by a provider''s word: {outcome, claims, user}, {outcome, code}, or {outcome: code}.';
