-- Forgets codes that are over, with the provider's tokens that waited with them; how many. A used one is
-- known for a day, for when it comes again.
-- By now(), which is stable, so that the index leads to what is over and nothing else is read.

create or replace function prune_authorization_codes(p_limit integer) returns integer
language sql volatile security invoker
as $$
  with gone as (
    delete from authorization_codes where id = any (array(
      select c.id from authorization_codes c
      where c.expires_at < now()
        and (c.session_id is null or c.expires_at < now() - interval '1 day')
      order by c.expires_at
      limit p_limit
      for update skip locked
    ))
    returning 1
  )
  select count(*)::integer from gone
$$;
