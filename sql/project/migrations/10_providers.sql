-- Who else may say who a user is. An identity is keyed by who issued it and by the issuer's own subject:
-- the name under which a project keeps a provider may come to mean another one, and an address may come
-- to be somebody else's.

create table providers (
  name text not null constraint providers_pkey primary key,
  kind text not null,
  issuer text,
  client_id text not null,
  sealed bytea not null,
  scopes text[] default '{}' not null,
  options jsonb default '{}' not null,
  created_at timestamptz default now() not null,
  constraint providers_name_grammar check (
    name ~ '^[a-z][a-z0-9_-]{0,39}$' and name not in ('email', 'phone', 'anonymous', 'anonymous_users')
  ),
  constraint providers_kind check (kind ~ '^[a-z][a-z0-9_]{0,39}$'),
  constraint providers_options_size check (jsonb_typeof(options) = 'object' and octet_length(options::text) <= 8192)
);
comment on table providers is
  'Identity providers of this project. sealed is the client secret under MIOSA_AUTH_KEY; kind is the preset that knows the rest, issuer that of an OIDC provider.';

alter table settings
  add column anonymous_users boolean default false not null,
  add column manual_linking boolean default false not null,
  add column identity_linking text default 'automatic' not null,
  add column custom_claims text default '' not null,
  add constraint settings_identity_linking check (identity_linking in ('automatic', 'manual'));

alter table identities add column issuer text;
update identities set issuer = provider;
alter table identities
  alter column issuer set not null,
  drop constraint identities_provider_subject_key,
  add constraint identities_issuer_subject_key unique (issuer, subject);
comment on table identities is
  'The ways a user signs in, keyed by issuer and the issuer''s own subject, never by address. Of provider email the issuer is email and the subject the user''s id. identity_data is the provider''s word, kept apart from what the user edits.';

-- A browser on its way to a provider and back. A crash loses it, and the person starts again.
create unlogged table oauth_flows (
  state_hash bytea not null constraint oauth_flows_pkey primary key,
  browser_hash bytea not null,
  provider text not null,
  redirect_to text,
  code_challenge text,
  sealed bytea not null,
  session_id uuid,
  user_id uuid,
  expires_at timestamptz not null,
  constraint oauth_flows_state_hash_is_sha256 check (octet_length(state_hash) = 32),
  constraint oauth_flows_browser_hash_is_sha256 check (octet_length(browser_hash) = 32),
  constraint oauth_flows_code_challenge check (code_challenge ~ '^[A-Za-z0-9_-]{43}$')
);
comment on table oauth_flows is
  'State of a sign-in at a provider, single use and bound to one browser. sealed holds the nonce and PKCE verifier that this service gave the provider; session_id and user_id are of a user who links an identity.';

create index oauth_flows_expires_at_idx on oauth_flows (expires_at);

-- A provider's own tokens travel with the code that they were got for, sealed, and are given once.
alter table authorization_codes add column provider_tokens bytea;

create index users_anonymous_idx on users (created_at) where is_anonymous;

alter table providers enable row level security;
alter table oauth_flows enable row level security;
