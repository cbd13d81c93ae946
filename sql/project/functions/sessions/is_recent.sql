-- Whether two moments are at most 10 s apart.
--
-- The 10 s in which a used token may be presented again whatever became of its child. A moment in the
-- future is not recent either: a clock that was set back must not open the door again.

create or replace function is_recent(p_at timestamptz, p_now timestamptz) returns boolean
language sql stable parallel safe security invoker
as $$
  select p_at between p_now - interval '10 seconds' and p_now + interval '10 seconds'
$$;
