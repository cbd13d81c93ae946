-- A session is one sign-in on one device; its refresh tokens form a chain, a row each. A row keeps
-- what reuse detection needs: which token came from which, and when it was used.

create table sessions (
  id uuid default gen_random_uuid() not null constraint sessions_pkey primary key,
  user_id uuid not null constraint sessions_user_id_fkey references users (id) on delete cascade,
  aal text default 'aal1' not null,
  amr jsonb default '[]' not null,
  user_agent text,
  ip inet,
  created_at timestamptz default clock_timestamp() not null,
  refreshed_at timestamptz default clock_timestamp() not null,
  revoked_at timestamptz,
  revoked_because text,
  late_recoveries smallint default 0 not null,
  recovered_token_id bigint,
  constraint sessions_aal check (aal in ('aal1', 'aal2')),
  constraint sessions_user_agent check (length(user_agent) <= 255),
  constraint sessions_revocation_has_a_reason check ((revoked_at is null) = (revoked_because is null))
);
comment on table sessions is
  'One sign-in on one device. late_recoveries counts, in a row, how often a used token asked for its child more than 10 s later; recovered_token_id is the last that did.';

create index sessions_user_id_created_at_idx on sessions (user_id, created_at);

create table refresh_tokens (
  id bigint generated always as identity constraint refresh_tokens_pkey primary key,
  session_id uuid not null constraint refresh_tokens_session_id_fkey references sessions (id) on delete cascade,
  parent_id bigint,
  token_hash bytea not null,
  wrapped bytea,
  created_at timestamptz default clock_timestamp() not null,
  used_at timestamptz,
  constraint refresh_tokens_token_hash_key unique (token_hash),
  constraint refresh_tokens_parent_id_key unique (parent_id),
  constraint refresh_tokens_token_hash_is_sha256 check (octet_length(token_hash) = 32),
  constraint refresh_tokens_wrapped_is_256_bit check (octet_length(wrapped) = 32)
);
comment on table refresh_tokens is
  'SHA-256 of each token. wrapped is the token XOR a hash of its parent: whoever presents the parent can be given this token again, nobody else can read it. One child a token, by constraint.';

create index refresh_tokens_session_id_idx on refresh_tokens (session_id);

alter table sessions enable row level security;
alter table refresh_tokens enable row level security;
