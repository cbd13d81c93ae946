-- A mail has left, or there is nothing in it any more that would be worth sending. What it said goes
-- at once; where it went stays until prune_mail. Called by the runtime.
-- False when the lease ran out and another server has the mail now: then that one settles it.

create or replace function settle_mail(p_id bigint, p_lease uuid) returns boolean
language plpgsql volatile security definer
set search_path from current
as $$
begin
  update outbox set
    state = 'sent', payload = '', data = '{}', lease = null, failure = null, settled_at = now()
  where id = p_id and lease = p_lease and state = 'queued';
  return found;
end
$$;

comment on function settle_mail(bigint, uuid) is
  'Marks a leased mail as sent and erases what it said: whether the lease still held.';
