-- Forgets flows that nobody came back from; how many.
-- By now(), which is stable, so that the index leads to what is over and nothing else is read.

create or replace function prune_oauth_flows(p_limit integer) returns integer
language sql volatile security invoker
as $$
  with gone as (
    delete from oauth_flows where state_hash = any (array(
      select f.state_hash from oauth_flows f
      where f.expires_at < now()
      order by f.expires_at
      limit p_limit
      for update skip locked
    ))
    returning 1
  )
  select count(*)::integer from gone
$$;
