-- The recipient's server says that there is no such address: the mail is parked, and its project sends no
-- other there for 30 days. Only the address of a mail that the caller has under its lease can be named.
-- What a person or an operator said is not shortened. Called by the runtime.

create or replace function bounce_mail(p_id bigint, p_lease uuid, p_failure text) returns text
language plpgsql volatile security definer
set search_path from current
as $$
begin
  insert into suppressed_addresses as s (project_id, owner_role, address, reason, expires_at)
  select o.project_id, o.owner_role, o.recipient, 'bounce', now() + interval '30 days'
  from outbox o
  where o.id = p_id and o.lease = p_lease and o.state = 'queued'
  on conflict (project_id, owner_role, address) do update set
    suppressed_at = excluded.suppressed_at, expires_at = excluded.expires_at
  where s.reason = 'bounce';
  return postpone_mail(p_id, p_lease, p_failure, true);
end
$$;

comment on function bounce_mail(bigint, uuid, text) is
  'Parks a leased mail whose recipient does not exist, and suppresses the address: parked, or null when the lease no longer held.';
