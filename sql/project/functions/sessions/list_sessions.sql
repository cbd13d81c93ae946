-- Called by the runtime.
-- Returns: user_not_found, session_not_found, session_expired, user_banned.

create or replace function list_sessions(p_session_id uuid, p_user_id uuid) returns jsonb
language plpgsql stable security definer
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
declare
  v_user users;
  v_refusal text;
begin
  select * into v_user from users where id = p_user_id;
  v_refusal := caller_refusal(p_session_id, v_user);
  if v_refusal is not null then
    return jsonb_build_object('outcome', v_refusal);
  end if;

  return jsonb_build_object('outcome', null, 'sessions', user_sessions_json(v_user, p_session_id));
end
$$;

comment on function list_sessions(uuid, uuid) is
  'The live sessions of the caller, newest first: {outcome, sessions}, or {outcome: code}.';
