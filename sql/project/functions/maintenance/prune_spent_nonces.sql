-- Forgets nonces of ID tokens that are too old to be brought again; how many.
-- By now(), which is stable, so that the index leads to what is over and nothing else is read.

create or replace function prune_spent_nonces(p_limit integer) returns integer
language sql volatile security invoker
as $$
  with gone as (
    delete from spent_nonces where nonce_hash = any (array(
      select n.nonce_hash from spent_nonces n
      where n.expires_at < now()
      order by n.expires_at
      limit p_limit
      for update skip locked
    ))
    returning 1
  )
  select count(*)::integer from gone
$$;
