-- Addresses that a project sends no mail to. The check is made where mail is claimed, not where it is asked
-- for: a request does the same work for all addresses, and cannot tell which are here.

create table suppressed_addresses (
  project_id text not null,
  owner_role name not null,
  address text not null,
  reason text not null,
  suppressed_at timestamptz default now() not null,
  expires_at timestamptz,
  constraint suppressed_addresses_pkey primary key (project_id, owner_role, address),
  constraint suppressed_addresses_reason check (reason in ('bounce', 'complaint', 'manual')),
  constraint suppressed_addresses_project_fkey foreign key (project_id, owner_role)
    references projects (id, owner_role) on delete cascade
);
comment on table suppressed_addresses is
  'Canonical addresses that a project sends no mail to, until expires_at, or until it is lifted where that is null.';

create index suppressed_addresses_expires_idx on suppressed_addresses (expires_at) where expires_at is not null;

alter table suppressed_addresses enable row level security;

-- A project whose user proves an address in another way forgets that its mail was refused. What a person
-- or an operator said stays.
create policy suppressed_addresses_look_up on suppressed_addresses for select
  using (owner_role = current_user and reason = 'bounce');
create policy suppressed_addresses_lift on suppressed_addresses for delete
  using (owner_role = current_user and reason = 'bounce');
