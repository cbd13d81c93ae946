-- RFC 3339 in UTC, whatever the session's time zone.

create or replace function iso_time(p_time timestamptz) returns text
language sql stable parallel safe security invoker
as $$
  select to_char(p_time at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;
