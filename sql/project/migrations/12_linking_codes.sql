-- An identity that somebody links waits with the code, and is linked when the app that asked for it
-- exchanges the code: its verifier shows that the browser which came back is the one that began.
alter table authorization_codes add column linking jsonb;
comment on column authorization_codes.linking is
  '{session_id, identity} of a user who links an identity; null when somebody signed in.';

create table spent_nonces (
  nonce_hash bytea not null constraint spent_nonces_pkey primary key,
  expires_at timestamptz not null,
  constraint spent_nonces_nonce_hash_is_sha256 check (octet_length(nonce_hash) = 32)
);
comment on table spent_nonces is
  'Nonces of ID tokens that apps brought, for as long as the token could be brought again.';

create index spent_nonces_expires_at_idx on spent_nonces (expires_at);

alter table spent_nonces enable row level security;
