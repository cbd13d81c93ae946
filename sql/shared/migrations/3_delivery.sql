-- How mail leaves. Whoever delivers takes a lease; one that died before it said so leaves the row to
-- the next. A row of purpose none stands for an address that nobody has: the same work was done for
-- it, and nothing is sent.

alter table outbox
  add column user_id uuid,
  add column data jsonb default '{}' not null,
  add column state text default 'queued' not null,
  add column attempts integer default 0 not null,
  add column due_at timestamptz default now() not null,
  add column lease uuid,
  add column failure text,
  add column settled_at timestamptz,
  add constraint outbox_state check (state in ('queued', 'sent', 'parked')),
  add constraint outbox_failure check (length(failure) <= 200);
comment on table outbox is
  'Mail to deliver. payload is sealed by the HTTP layer, opaque to Postgres, and erased with data once the mail has left; due_at is also the end of a lease. parked: given up, for an operator to look at.';

create index outbox_due_idx on outbox (project_id, due_at) where state = 'queued' and purpose <> 'none';
create index outbox_settled_idx on outbox (settled_at) where settled_at is not null;
create index outbox_none_idx on outbox (queued_at) where purpose = 'none';
create index outbox_user_idx on outbox (project_id, user_id);

-- A project takes back what it has queued, when a newer mail or the end of its user made it void.
create policy outbox_look_up on outbox for select using (owner_role = current_user);
create policy outbox_take_back on outbox for delete using (owner_role = current_user);
