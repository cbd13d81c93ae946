-- Mail waits here, written in the transaction that owes it. The pair (project_id, owner_role) is a
-- foreign key and owner_role is always the writer's own role (column grants leave it to its
-- default), so a project's function cannot queue mail in another project's name. The one policy lets
-- it queue at all; there is none to read by.

create table outbox (
  id bigint generated always as identity constraint outbox_pkey primary key,
  project_id text not null,
  owner_role name default current_user not null,
  purpose text not null,
  recipient text not null,
  payload bytea not null,
  queued_at timestamptz default now() not null,
  constraint outbox_project_fkey foreign key (project_id, owner_role)
    references projects (id, owner_role) on delete cascade
);
comment on table outbox is 'Mail to deliver; payload is sealed by the HTTP layer and opaque to Postgres.';

create index outbox_project_idx on outbox (project_id, owner_role);

alter table outbox enable row level security;
create policy outbox_queue on outbox for insert with check (owner_role = current_user);
