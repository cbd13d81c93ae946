-- A server stops before it has tried this mail: the next one takes it at once, and nothing counts as
-- an attempt. Called by the runtime.

create or replace function release_mail(p_id bigint, p_lease uuid) returns boolean
language plpgsql volatile security definer
set search_path from current
as $$
begin
  update outbox set due_at = now(), attempts = attempts - 1, lease = null
  where id = p_id and lease = p_lease and state = 'queued';
  return found;
end
$$;

comment on function release_mail(bigint, uuid) is
  'Gives a leased mail back untried, due now: whether the lease still held.';
