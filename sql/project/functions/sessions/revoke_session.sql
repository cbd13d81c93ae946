-- Ends one session of the caller's own. Another user's session is answered like one that never was.
-- Called by the runtime.
-- Returns: user_not_found, session_not_found, session_expired, user_banned, all about the caller;
-- revoked tells about the target.

create or replace function revoke_session(p_session_id uuid, p_user_id uuid, p_target uuid, p_client inet)
returns jsonb
language plpgsql volatile security definer
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
declare
  v_user users;
  v_refusal text;
  v_count integer;
begin
  select * into v_user from users where id = p_user_id;
  v_refusal := caller_refusal(p_session_id, v_user);
  if v_refusal is not null then
    return jsonb_build_object('outcome', v_refusal);
  end if;

  v_count := revoke_sessions(p_user_id, 'local', p_target, 'revoked_by_user');
  if v_count > 0 then
    perform record_event('session_revoked', p_user_id, p_session_id, p_client, jsonb_build_object('target', p_target));
  end if;
  return jsonb_build_object('outcome', null, 'revoked', v_count > 0);
end
$$;

comment on function revoke_session(uuid, uuid, uuid, inet) is
  'Ends a session of the caller by id: {outcome, revoked}, or {outcome: code}.';
