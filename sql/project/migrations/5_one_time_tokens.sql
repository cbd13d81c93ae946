-- What travels by mail and works once. A link's token is 256 random bits, stored as SHA-256; the
-- typed code is six digits, stored as an HMAC under a key that Postgres does not have.

create table one_time_tokens (
  id uuid default gen_random_uuid() not null constraint one_time_tokens_pkey primary key,
  user_id uuid not null constraint one_time_tokens_user_id_fkey references users (id) on delete cascade,
  purpose text not null,
  email text collate "C" not null,
  token_hash bytea not null,
  code_mac bytea,
  created_at timestamptz default clock_timestamp() not null,
  expires_at timestamptz not null,
  constraint one_time_tokens_purpose check (
    purpose in ('signup', 'invite', 'magiclink', 'recovery', 'email_change', 'reauthentication')
  ),
  constraint one_time_tokens_token_hash_key unique (token_hash),
  constraint one_time_tokens_user_id_purpose_email_key unique (user_id, purpose, email),
  constraint one_time_tokens_token_hash_is_sha256 check (octet_length(token_hash) = 32),
  constraint one_time_tokens_code_mac_is_sha256 check (octet_length(code_mac) = 32)
);
comment on table one_time_tokens is
  'The newest token of a user, purpose and address; an older one is replaced, not kept.';

alter table one_time_tokens enable row level security;
