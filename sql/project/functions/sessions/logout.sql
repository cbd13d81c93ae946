-- Ends sessions. The caller is known by the session of its access token or by a refresh token of
-- that session. Idempotent: a session that has ended already ends nothing more, so a token that was
-- logged out cannot log others out.
-- Called by the runtime. Raises MA901 for an unknown scope.

create or replace function logout(
  p_session_id uuid, p_token_hash bytea, p_scope text, p_client inet
) returns jsonb
language plpgsql volatile security definer
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
declare
  v_session sessions;
  v_count integer := 0;
begin
  select s.* into v_session from sessions s
  where s.revoked_at is null
    and s.id = coalesce(
      p_session_id,
      (select t.session_id from refresh_tokens t where t.token_hash = p_token_hash)
    );
  if found then
    v_count := revoke_sessions(v_session.user_id, p_scope, v_session.id, 'logout');
    perform record_event('logged_out', v_session.user_id, v_session.id, p_client, jsonb_build_object('scope', p_scope));
  end if;
  return jsonb_build_object('outcome', null, 'ended', v_count);
end
$$;

comment on function logout(uuid, bytea, text, inet) is
  'Ends the session of an access token or refresh token, or others of its user: {outcome, ended}.';
