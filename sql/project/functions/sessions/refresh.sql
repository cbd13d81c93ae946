-- Rotates a refresh token, or gives its child again. There is one lineage: a token has at most one
-- child, and every caller that presents it is given that one. The session's row is locked before
-- the token is read for good, so parallel calls, logout and refresh come one after the other.
--
-- A used token is answered with its child as long as the child is unused (the reply was lost), and
-- for 10 s even then (two tabs). Anything older is a stolen token: the session ends, and since that
-- must outlast the refusal, refusals are returned, not raised.
--
-- Called by the runtime, and by it alone. p_child_hash and p_child_wrapped are the caller's offer of
-- a child; when an earlier child stands, it is returned in recovered, wrapped under p_token_hash's token.
-- Returns: refresh_token_not_found, refresh_token_already_used, session_not_found, session_expired,
-- user_banned.

create or replace function refresh(
  p_token_hash bytea,
  p_child_hash bytea,
  p_child_wrapped bytea,
  p_client inet,
  p_user_agent text
) returns jsonb
language plpgsql volatile security definer
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
declare
  v_session sessions;
  v_user users;
  v_token refresh_tokens;
  v_refusal text;
  v_recovered bytea;
begin
  select s.* into v_session
  from sessions s
  where s.id = (select t.session_id from refresh_tokens t where t.token_hash = p_token_hash)
  for no key update;
  -- While this waited for the row, prune() may have forgotten the token, or the session with it.
  select * into v_token from refresh_tokens where token_hash = p_token_hash and session_id = v_session.id;
  if not found then
    return jsonb_build_object('outcome', 'refresh_token_not_found');
  end if;
  select * into strict v_user from users where id = v_session.user_id;

  v_refusal := session_refusal(v_session, v_user);
  if v_refusal is not null then
    return jsonb_build_object('outcome', v_refusal);
  end if;

  if v_token.used_at is null then
    perform rotate_token(v_session, v_token, p_child_hash, p_child_wrapped);
  else
    v_recovered := recovered_child(v_session, v_token, p_client);
    if v_recovered is null then
      return jsonb_build_object('outcome', 'refresh_token_already_used');
    end if;
  end if;

  update sessions set
    refreshed_at = clock_timestamp(),
    ip = coalesce(p_client, ip),
    user_agent = coalesce(left(p_user_agent, 255), user_agent)
  where id = v_session.id;
  return grant_json(v_session, v_user) || jsonb_build_object('recovered', encode(v_recovered, 'hex'));
end
$$;

comment on function refresh(bytea, bytea, bytea, inet, text) is
  'Rotates a refresh token: {outcome, claims, user, recovered}, or {outcome: code}. recovered is null when the offered child was taken.';
