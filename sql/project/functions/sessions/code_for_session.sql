-- Turns a session that a page of ours has just opened into an authorization code, for an app that sent
-- its PKCE challenge: the session is gone, and the app opens one of its own by exchange_code(). Only for
-- the holder of the session's first refresh token, while it is unused.
-- Called by the runtime. Locks: the user, the session.
-- Returns: session_not_found.

create or replace function code_for_session(
  p_refresh_hash bytea, p_code_hash bytea, p_code_challenge text, p_client inet
) returns jsonb
language plpgsql volatile security definer
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
declare
  v_user_id uuid;
  v_session sessions;
begin
  if p_code_hash is null or p_code_challenge is null then
    raise exception 'a code and its challenge are required' using errcode = 'MA901';
  end if;
  select u.id into v_user_id
  from refresh_tokens t join sessions s on s.id = t.session_id join users u on u.id = s.user_id
  where t.token_hash = p_refresh_hash
  for no key update of u;
  select * into v_session from sessions
  where user_id = v_user_id and revoked_at is null
    and id = (select session_id from refresh_tokens where token_hash = p_refresh_hash)
  for update;
  -- Read under the lock, which a refresh takes, too.
  perform from refresh_tokens
  where token_hash = p_refresh_hash and session_id = v_session.id and parent_id is null and used_at is null;
  if not found then
    return jsonb_build_object('outcome', 'session_not_found');
  end if;

  insert into authorization_codes (user_id, code_hash, code_challenge, method, expires_at)
  values (
    v_user_id, p_code_hash, p_code_challenge, v_session.amr #>> '{0,method}', clock_timestamp() + interval '5 minutes'
  );
  delete from sessions where id = v_session.id;
  perform record_event('session_exchanged', v_user_id, v_session.id, p_client);
  return jsonb_build_object('outcome', null);
end
$$;

comment on function code_for_session(bytea, bytea, text, inet) is
  'Turns a fresh session into an authorization code: {outcome}, null or session_not_found.';
