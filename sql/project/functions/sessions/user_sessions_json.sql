-- The live sessions of a user as the API shows them, newest first; p_current_id is the caller's own. That one
-- which was revoked does not live is said here as well, for the index.

create or replace function user_sessions_json(p_user users, p_current_id uuid) returns jsonb
language sql stable security invoker
as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', s.id,
    'created_at', iso_time(s.created_at),
    'last_active_at', iso_time(s.refreshed_at),
    'user_agent', s.user_agent,
    'ip', host(s.ip),
    'aal', s.aal,
    'current', s.id is not distinct from p_current_id
  ) order by s.created_at desc, s.id), '[]')
  from sessions s
  where s.user_id = p_user.id and s.revoked_at is null and session_refusal(s, p_user) is null
$$;
