-- Signs everybody out: ends every session, token, code and flow of a sign-in, for p_limit users in the order of
-- their ids, from where the call before ended: p_after is what it returned, or null.
-- Returns {users, sessions, after}; after is null when there are no more. For administrators.
-- Locks: each user, then its sessions.
--
-- Whoever is being signed in by what is about to end has locked its user; its session is there once the lock is had.

create or replace function sign_out_users(p_limit integer, p_after uuid) returns jsonb
language plpgsql volatile security definer
set search_path from current
as $$
declare
  v_user_id uuid;
  v_users integer := 0;
  v_sessions integer := 0;
begin
  if p_after is null then
    delete from oauth_flows;
  end if;
  for v_user_id in
    select u.id from users u
    where (p_after is null or u.id > p_after)
      and (
        exists (select from sessions s where s.user_id = u.id and s.revoked_at is null)
        or exists (select from one_time_tokens t where t.user_id = u.id)
        or exists (select from authorization_codes c where c.user_id = u.id and c.session_id is null)
        or u.new_email is not null
      )
    order by u.id
    limit p_limit
    for no key update of u
  loop
    v_sessions := v_sessions + revoke_sessions(v_user_id, 'global', null, 'project_signed_out');
    perform void_tokens(v_user_id);
    v_users := v_users + 1;
    p_after := v_user_id;
  end loop;
  perform record_event('project_signed_out', null, null, null, jsonb_build_object(
    'users', v_users, 'sessions', v_sessions, 'by', session_user
  ));
  return jsonb_build_object(
    'users', v_users, 'sessions', v_sessions, 'after', case when v_users = p_limit then p_after end
  );
end
$$;
