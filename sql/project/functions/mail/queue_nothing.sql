-- Writes what a mail would cost, for an address that nobody has: the answer must not come sooner.

create or replace function queue_nothing(p_mail jsonb) returns void
language sql volatile security invoker
as $$
  insert into miosa_auth.outbox (project_id, purpose, recipient, payload, data)
  values (current_schema(), 'none', '', mail_payload(p_mail), '{}')
$$;
