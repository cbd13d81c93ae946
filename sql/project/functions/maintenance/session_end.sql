-- When a session ended, or will by the settings as they are; null when only its owner ends it. Stable, as adding
-- to a time is: so Postgres inlines it, and does not call it for each row of a walk.

create or replace function session_end(p_session sessions, p_settings settings) returns timestamptz
language sql stable security invoker
as $$
  select least(
    p_session.revoked_at,
    case when p_settings.session_lifetime > 0
      then p_session.created_at + p_settings.session_lifetime * interval '1 second' end,
    case when p_settings.session_idle_timeout > 0
      then p_session.refreshed_at + p_settings.session_idle_timeout * interval '1 second' end
  )
$$;
