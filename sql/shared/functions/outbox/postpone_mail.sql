-- A mail could not be sent. It is tried again after 10 seconds at first and 5 minutes at last, each
-- time up to half more or less, so that those that failed together do not come back together; parked
-- when nothing will mend it, or after 100 attempts. Called by the runtime.

create or replace function postpone_mail(p_id bigint, p_lease uuid, p_failure text, p_is_permanent boolean)
returns text
language sql volatile security definer
set search_path from current
as $$
  with failed as (
    select o.id, p_is_permanent or o.attempts >= 100 as is_over,
      least(300, 5 * 2 ^ least(o.attempts, 10)) * (0.5 + random()) as wait
    from outbox o
    where o.id = p_id and o.lease = p_lease and o.state = 'queued'
    for update
  )
  update outbox o set
    state = case when f.is_over then 'parked' else 'queued' end,
    due_at = case when f.is_over then o.due_at else now() + f.wait * interval '1 second' end,
    settled_at = case when f.is_over then now() end,
    failure = left(p_failure, 200),
    lease = null
  from failed f where o.id = f.id
  returning o.state
$$;

comment on function postpone_mail(bigint, uuid, text, boolean) is
  'Puts a leased mail back after a failed attempt: its state now, queued or parked; null when the lease no longer held.';
