-- Opens a session for a user who has proved to be one: {outcome, claims, user}.
--
-- Opens a session with its first refresh token; beyond the project's number of sessions a user may
-- have, the oldest end. The caller holds the user's row.

create or replace function open_session(
  p_user users, p_method text, p_token_hash bytea, p_client inet, p_user_agent text
) returns jsonb
language plpgsql volatile security invoker
as $$
declare
  v_session sessions;
begin
  update users set last_sign_in_at = clock_timestamp() where id = p_user.id returning * into p_user;

  insert into sessions (user_id, amr, ip, user_agent)
  values (
    p_user.id,
    jsonb_build_array(jsonb_build_object(
      'method', p_method, 'timestamp', floor(extract(epoch from clock_timestamp()))::bigint
    )),
    p_client,
    left(p_user_agent, 255)
  )
  returning * into v_session;
  insert into refresh_tokens (session_id, token_hash) values (v_session.id, p_token_hash);

  -- Locked in the order of their ids, as in revoke_sessions(). Of a user with many sessions Postgres expects as large
  -- a share to live as of all, and would read the table through: hence a user whom it does not know when it plans, and
  -- arrays of ids.
  with surplus as (
    select s.id from sessions s
    where s.revoked_at is null
      and s.id = any (array(
        select n.id from sessions n
        where n.user_id = (select p_user.id) and n.revoked_at is null
        order by n.created_at desc, n.id
        offset (select sessions_per_user from settings)
      ))
    order by s.id
    for no key update
  )
  update sessions set revoked_at = clock_timestamp(), revoked_because = 'too_many_sessions'
  where id = any (array(select id from surplus));
  return grant_json(v_session, p_user);
end
$$;
