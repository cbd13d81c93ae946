-- Called by the runtime.
-- Returns: user_not_found, session_not_found, session_expired, user_banned.

create or replace function list_sessions(p_session_id uuid, p_user_id uuid) returns jsonb
language plpgsql stable security definer
set search_path from current
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

  return jsonb_build_object('outcome', null, 'sessions', (
    select coalesce(jsonb_agg(jsonb_build_object(
      'id', s.id,
      'created_at', iso_time(s.created_at),
      'last_active_at', iso_time(s.refreshed_at),
      'user_agent', s.user_agent,
      'ip', host(s.ip),
      'aal', s.aal,
      'current', s.id = p_session_id
    ) order by s.created_at desc, s.id), '[]')
    from sessions s
    where s.user_id = p_user_id and session_refusal(s, v_user) is null
  ));
end
$$;

comment on function list_sessions(uuid, uuid) is
  'The live sessions of the caller, newest first: {outcome, sessions}, or {outcome: code}.';
