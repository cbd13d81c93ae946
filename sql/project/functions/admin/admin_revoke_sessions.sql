-- Signs a user out everywhere.
-- For administrators; p_who is an id or a canonical address.
-- Returns: user_not_found.

create or replace function admin_revoke_sessions(p_who text) returns jsonb
language plpgsql volatile security definer
set search_path from current
as $$
declare
  v_user users := find_user(p_who);
  v_count integer;
begin
  if v_user.id is null then
    return jsonb_build_object('outcome', 'user_not_found');
  end if;
  v_count := revoke_sessions(v_user.id, 'global', null, 'revoked_by_administrator');
  perform record_event('sessions_revoked', v_user.id, null, null, jsonb_build_object(
    'count', v_count, 'by', session_user
  ));
  return jsonb_build_object('outcome', null, 'revoked', v_count);
end
$$;
