-- An authorization code for a session, with the challenge that the client's verifier gives (RFC 7636
-- section 4.6), and the provider's sealed tokens or null. An identity that waits with the code is linked.
-- Once: a second time it ends the session that the first got (RFC 6749 section 4.1.2).
-- Called by the runtime. Locks: the user, the code.
-- Returns: flow_state_not_found, flow_state_expired, bad_code_verifier, user_banned; of one who links
-- manual_linking_disabled, reauthentication_needed, identity_already_exists, session_not_found,
-- session_expired.

create or replace function exchange_code(
  p_code_hash bytea, p_code_challenge text, p_refresh_hash bytea, p_client inet, p_user_agent text
) returns jsonb
language plpgsql volatile security definer
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
declare
  v_user users;
  v_code authorization_codes;
  v_linker uuid;
  v_refusal text;
  v_granted jsonb;
begin
  select u.* into v_user
  from authorization_codes c join users u on u.id = c.user_id
  where c.code_hash = p_code_hash
  for no key update of u;
  select * into v_code from authorization_codes where code_hash = p_code_hash for update;
  if not found then
    return jsonb_build_object('outcome', 'flow_state_not_found');
  end if;
  if v_code.session_id is not null then
    perform revoke_sessions(v_user.id, 'local', v_code.session_id, 'code_reused');
    perform record_event('code_reused', v_user.id, v_code.session_id, p_client);
    return jsonb_build_object('outcome', 'flow_state_not_found');
  end if;
  if v_code.code_challenge is distinct from p_code_challenge then
    return jsonb_build_object('outcome', 'bad_code_verifier');
  end if;
  if v_code.expires_at <= clock_timestamp() then
    return jsonb_build_object('outcome', 'flow_state_expired');
  end if;
  if v_user.banned_until > clock_timestamp() then
    return jsonb_build_object('outcome', 'user_banned');
  end if;

  if v_code.linking is not null then
    v_linker := (v_code.linking ->> 'session_id')::uuid;
    v_refusal := linking_refusal(v_linker, v_user, v_code.linking -> 'identity');
    if v_refusal is not null then
      return refusal_json(v_refusal);
    end if;
    v_user := attach_identity(v_user, v_linker, v_code.linking -> 'identity', p_client);
  end if;
  v_granted := open_session(v_user, v_code.method, p_refresh_hash, p_client, p_user_agent);
  update authorization_codes set
    session_id = (v_granted #>> '{claims,session_id}')::uuid,
    provider_tokens = null,
    linking = null
  where id = v_code.id;
  return v_granted || jsonb_build_object('provider_tokens', encode(v_code.provider_tokens, 'hex'));
end
$$;

comment on function exchange_code(bytea, text, bytea, inet, text) is
  'Exchanges an authorization code: {outcome, claims, user, provider_tokens}, or {outcome: code}.';
