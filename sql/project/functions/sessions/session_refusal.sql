-- Null while the session is live, else session_not_found, user_banned or session_expired.
--
-- The one rule of when a session no longer counts, for every floor: refresh, the API, live_uid().

create or replace function session_refusal(p_session sessions, p_user users) returns text
language sql stable parallel safe security invoker
as $$
  select case
    when p_session.id is null or p_session.revoked_at is not null then 'session_not_found'
    when p_user.banned_until > clock_timestamp() then 'user_banned'
    when s.session_lifetime > 0
      and p_session.created_at + s.session_lifetime * interval '1 second' <= clock_timestamp() then 'session_expired'
    when s.session_idle_timeout > 0
      and p_session.refreshed_at + s.session_idle_timeout * interval '1 second' <= clock_timestamp() then 'session_expired'
  end
  from settings s
$$;
