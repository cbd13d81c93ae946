-- Records a reserved guess; its id works once, for 2 minutes.
--
-- A guess that was paid for: login() and its like are refused without one. Clears up a few that
-- nobody used, since this is the only table that grows by being ignored.

create or replace function open_attempt(p_subject bytea) returns uuid
language plpgsql volatile security invoker
as $$
declare
  v_id uuid;
begin
  delete from login_attempts where id in (
    select a.id from login_attempts a
    where a.expires_at < clock_timestamp()
    order by a.expires_at
    limit 10
    for update skip locked
  );
  insert into login_attempts (subject, expires_at)
  values (p_subject, clock_timestamp() + interval '2 minutes')
  returning id into v_id;
  return v_id;
end
$$;
