-- A mail cannot be tried for a reason that is not its own: its project has no transport, or the mail
-- server is away. It waits p_seconds, and nothing counts as an attempt. Called by the runtime.

create or replace function defer_mail(p_id bigint, p_lease uuid, p_failure text, p_seconds integer)
returns boolean
language plpgsql volatile security definer
set search_path from current
as $$
begin
  update outbox set
    due_at = now() + p_seconds * interval '1 second',
    attempts = attempts - 1,
    failure = left(p_failure, 200),
    lease = null
  where id = p_id and lease = p_lease and state = 'queued';
  return found;
end
$$;

comment on function defer_mail(bigint, uuid, text, integer) is
  'Gives a leased mail back untried, due in p_seconds, and says why: whether the lease still held.';
