-- Writes what a mail and its token cost, for an address that nobody has or to which nothing is due: the
-- answer must not come sooner. Nothing of it is ever sent.

create or replace function queue_nothing(p_mail jsonb) returns void
language sql volatile security invoker
as $$
  insert into miosa_auth.outbox (project_id, purpose, recipient, payload, data)
  select current_schema(), 'none', '', mail_payload(p_mail), '{}' from generate_series(1, 2)
$$;
