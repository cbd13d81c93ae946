-- The registry makes a database describe itself: which projects it holds, who owns each, and which
-- release of the SQL each runs. It holds no secret of any project.

create table installation (
  singleton boolean default true not null constraint installation_pkey primary key,
  tag text not null,
  installed_at timestamptz default now() not null,
  constraint installation_is_one_row check (singleton),
  constraint installation_tag_grammar check (tag ~ '^ma_[0-9a-f]{8}$')
);
comment on table installation is
  'One row: the tag that prefixes the owner roles of this database, since roles are shared by all databases of a cluster.';

-- gen_random_uuid() is random enough and needs no extension.
insert into installation (tag)
  values ('ma_' || substr(encode(sha256(uuid_send(gen_random_uuid())), 'hex'), 1, 8));

create table projects (
  id text not null constraint projects_pkey primary key,
  owner_role name not null,
  state text default 'active' not null,
  release text not null,
  created_at timestamptz default now() not null,
  constraint projects_id_grammar check (id ~ '^[a-z][a-z0-9_]{0,44}$'),
  constraint projects_state check (state in ('active', 'suspended')),
  constraint projects_id_owner_role_key unique (id, owner_role)
);
comment on table projects is
  'A row a project. The id is also the name of its schema; release is the hash of the SQL it runs.';

comment on table migrations is
  'Which migrations this schema has run, with a hash of each: a published one never changes.';

alter table installation enable row level security;
alter table projects enable row level security;
alter table migrations enable row level security;
