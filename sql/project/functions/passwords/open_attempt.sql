-- Records a reserved guess; its id works once, for 2 minutes.
--
-- A guess that was paid for: login() and its like are refused without one. Clears up a few that
-- nobody used: the table grows by being ignored.

create or replace function open_attempt(p_subject bytea) returns uuid
language plpgsql volatile security invoker
as $$
declare
  v_id uuid;
begin
  perform prune_login_attempts(10);
  insert into login_attempts (subject, expires_at)
  values (p_subject, clock_timestamp() + interval '2 minutes')
  returning id into v_id;
  return v_id;
end
$$;
