-- Who there is. An address is stored folded by the HTTP layer, in one place; here it is only
-- checked, never folded, since Postgres and Node disagree about lower case outside ASCII.

create table users (
  id uuid default gen_random_uuid() not null constraint users_pkey primary key,
  email text collate "C",
  email_as_typed text,
  password_hash text,
  role text default 'authenticated' not null,
  app_metadata jsonb default '{}' not null,
  user_metadata jsonb default '{}' not null,
  is_anonymous boolean default false not null,
  email_confirmed_at timestamptz,
  confirmation_sent_at timestamptz,
  recovery_sent_at timestamptz,
  invited_at timestamptz,
  last_sign_in_at timestamptz,
  password_changed_at timestamptz,
  banned_until timestamptz,
  created_at timestamptz default now() not null,
  updated_at timestamptz default now() not null,
  constraint users_email_key unique (email),
  constraint users_email_is_canonical check (
    length(email) <= 254
    and email ~ '^[a-z0-9!#$%&''*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&''*+/=?^_`{|}~-]+)*@[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$'
  ),
  constraint users_password_hash_is_bcrypt check (password_hash ~ '^\$2[ab]\$(0[4-9]|1[0-6])\$[./A-Za-z0-9]{53}$'),
  constraint users_role_grammar check (role ~ '^[a-z_][a-z0-9_]{0,62}$'),
  constraint users_app_metadata_size check (jsonb_typeof(app_metadata) = 'object' and octet_length(app_metadata::text) <= 1024),
  constraint users_user_metadata_size check (jsonb_typeof(user_metadata) = 'object' and octet_length(user_metadata::text) <= 2048)
);
comment on table users is
  'The end users of this project. Metadata travels in every access token, hence its size limits (bytes as Postgres prints it).';

create table identities (
  id uuid default gen_random_uuid() not null constraint identities_pkey primary key,
  user_id uuid not null constraint identities_user_id_fkey references users (id) on delete cascade,
  provider text not null,
  subject text not null,
  identity_data jsonb default '{}' not null,
  last_sign_in_at timestamptz,
  created_at timestamptz default now() not null,
  updated_at timestamptz default now() not null,
  constraint identities_provider_subject_key unique (provider, subject)
);
comment on table identities is
  'The ways a user signs in, keyed by provider and the provider''s own subject, never by address. The subject of provider email is the user''s id.';

create index identities_user_id_idx on identities (user_id);

alter table users enable row level security;
alter table identities enable row level security;
