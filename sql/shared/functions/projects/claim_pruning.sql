-- The project that a server prunes next, or null: it is nobody's for an hour from then on. Called by the
-- runtime; servers do not wait for each other.

create or replace function claim_pruning() returns text
language sql volatile security definer
set search_path from current
as $$
  update projects set prune_at = clock_timestamp() + interval '1 hour'
  where id = (
    select p.id from projects p
    where p.state = 'active' and p.prune_at <= clock_timestamp()
    order by p.prune_at
    limit 1
    for no key update skip locked
  )
  returning id
$$;

comment on function claim_pruning() is
  'Takes the project that is to be pruned next, at most once an hour each: its id, or null.';
