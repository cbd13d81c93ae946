-- Forgets attempts that nobody used in time; how many.
-- By now(), which is stable, so that the index leads to what is over and nothing else is read.

create or replace function prune_login_attempts(p_limit integer) returns integer
language sql volatile security invoker
as $$
  with gone as (
    delete from login_attempts where id = any (array(
      select a.id from login_attempts a
      where a.expires_at < now()
      order by a.expires_at
      limit p_limit
      for update skip locked
    ))
    returning 1
  )
  select count(*)::integer from gone
$$;
