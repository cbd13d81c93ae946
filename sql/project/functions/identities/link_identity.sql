-- Gives the user of a live session one more identity, at its own wish, see attach_identity(). With p_code,
-- as in sign_in_with_identity(), the identity waits with the code until the app that asked exchanges it;
-- otherwise it is linked now, and the client is answered as after a sign-in.
-- Called by the runtime. Locks: the client address's rate row, the nonce, the user, its sessions.
-- Returns: manual_linking_disabled, reauthentication_needed, identity_already_exists, bad_oauth_callback,
-- over_request_rate_limit; user_not_found,
-- session_not_found, session_expired and user_banned about the caller.

create or replace function link_identity(
  p_session_id uuid, p_user_id uuid, p_identity jsonb, p_refresh_hash bytea, p_code jsonb, p_client inet, p_user_agent text
) returns jsonb
language plpgsql volatile security definer
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
declare
  v_user users;
  v_refusal text;
  v_limit jsonb := direct_sign_in_refusal(p_identity, p_client);
begin
  if v_limit is not null then
    return v_limit;
  end if;
  if not spend_nonce(p_identity) then
    return refusal_json('bad_oauth_callback');
  end if;
  select * into v_user from users where id = p_user_id for no key update;
  v_refusal := linking_refusal(p_session_id, v_user, p_identity);
  if v_refusal is not null then
    return refusal_json(v_refusal);
  end if;

  if p_code is null then
    v_user := attach_identity(v_user, p_session_id, p_identity, p_client);
    return open_session(v_user, 'oauth', p_refresh_hash, p_client, p_user_agent);
  end if;
  perform add_authorization_code(p_user_id, 'oauth', p_code || jsonb_build_object(
    'linking', jsonb_build_object('session_id', p_session_id, 'identity', p_identity)
  ));
  return jsonb_build_object('outcome', null, 'code', true);
end
$$;

comment on function link_identity(uuid, uuid, jsonb, bytea, jsonb, inet, text) is
  'Links a provider''s identity to the caller: {outcome, claims, user}, {outcome, code}, or {outcome: code}.';
