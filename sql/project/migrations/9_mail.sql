-- What mail needs: how much of it a project sends, to which pages its links lead, a change of address
-- that waits for its proofs, and what an operator sets of transport and words.

alter table settings
  add column redirect_urls text[] default '{}' not null,
  add column email_change_confirmation text default 'both' not null,
  add column mails_per_address integer default 30 not null,
  add column mails_per_recipient_per_day integer default 10 not null,
  add column mail_interval integer default 60 not null,
  add column mail_recipients_per_hour integer default 5000 not null,
  add column code_guesses_per_day integer default 20 not null,
  add column code_lifetime integer default 600 not null,
  add column link_lifetime integer default 3600 not null,
  add column verify_on_get boolean default false not null,
  add column pages_enabled boolean default true not null,
  add column page_color text default '#1d4ed8' not null,
  add column language text default 'en' not null,
  add constraint settings_email_change_confirmation check (email_change_confirmation in ('both', 'new')),
  add constraint settings_mails_per_address check (mails_per_address between 0 and 100000),
  add constraint settings_mails_per_recipient_per_day check (mails_per_recipient_per_day between 1 and 1000),
  add constraint settings_mail_interval check (mail_interval between 0 and 3600),
  add constraint settings_mail_recipients_per_hour check (mail_recipients_per_hour between 1 and 100000),
  add constraint settings_code_guesses_per_day check (code_guesses_per_day between 1 and 20),
  add constraint settings_code_lifetime check (code_lifetime between 60 and 3600),
  add constraint settings_link_lifetime check (link_lifetime between 300 and 86400),
  add constraint settings_page_color check (page_color ~ '^#[0-9a-f]{6}$'),
  add constraint settings_language check (language ~ '^[a-z]{2,3}(-[a-z0-9]{2,8})*$');

alter table users
  add column new_email text collate "C",
  add column new_email_as_typed text,
  add column new_email_proved_by text,
  add column email_change_sent_at timestamptz,
  add column reauthentication_sent_at timestamptz,
  add constraint users_new_email_is_canonical check (
    length(new_email) <= 254
    and new_email ~ '^[a-z0-9!#$%&''*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&''*+/=?^_`{|}~-]+)*@[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$'
  ),
  add constraint users_new_email_proved_by check (new_email_proved_by in ('current', 'new'));
comment on column users.new_email_proved_by is
  'Which of the two addresses of a pending change has proved itself; with both, the change is done.';

-- The code dies sooner than the link, and after some wrong guesses; the challenge is that of the
-- client which asked, when it will exchange a code of its own (RFC 7636).
alter table one_time_tokens
  add column code_expires_at timestamptz,
  add column wrong_guesses smallint default 0 not null,
  add column code_challenge text,
  drop constraint one_time_tokens_purpose,
  drop constraint one_time_tokens_user_id_purpose_email_key,
  add constraint one_time_tokens_purpose check (purpose in (
    'signup', 'invite', 'magiclink', 'recovery', 'email_change', 'email_change_current', 'reauthentication'
  )),
  add constraint one_time_tokens_user_id_purpose_key unique (user_id, purpose),
  add constraint one_time_tokens_code_challenge check (code_challenge ~ '^[A-Za-z0-9_-]{43}$');
comment on table one_time_tokens is
  'The newest token of a user and purpose; an older one is replaced, not kept. Times are counted anew when the mail leaves.';

create index one_time_tokens_email_idx on one_time_tokens (email);

create table authorization_codes (
  id uuid default gen_random_uuid() not null constraint authorization_codes_pkey primary key,
  user_id uuid not null constraint authorization_codes_user_id_fkey references users (id) on delete cascade,
  code_hash bytea not null,
  code_challenge text not null,
  method text not null,
  created_at timestamptz default clock_timestamp() not null,
  expires_at timestamptz not null,
  session_id uuid constraint authorization_codes_session_id_fkey references sessions (id) on delete cascade,
  constraint authorization_codes_code_hash_key unique (code_hash),
  constraint authorization_codes_code_hash_is_sha256 check (octet_length(code_hash) = 32),
  constraint authorization_codes_code_challenge check (code_challenge ~ '^[A-Za-z0-9_-]{43}$')
);
comment on table authorization_codes is
  'What a redirect carries instead of tokens; who asked for it exchanges it with its PKCE verifier (RFC 7636). A used one keeps its session, which ends when the code comes a second time.';

create index authorization_codes_user_id_idx on authorization_codes (user_id);
create index authorization_codes_session_id_idx on authorization_codes (session_id);

create table mail_budgets (
  subject bytea not null constraint mail_budgets_pkey primary key,
  asked_at timestamptz not null,
  day_started_at timestamptz not null,
  day_mails integer not null
);
comment on table mail_budgets is
  'How often mail to an address was asked for. subject is SHA-256 of it: an unknown address is counted like a known one and not stored.';

create index mail_budgets_asked_at_idx on mail_budgets (asked_at);

create table mail_transport (
  singleton boolean default true not null constraint mail_transport_pkey primary key,
  sealed bytea not null,
  constraint mail_transport_is_one_row check (singleton)
);
comment on table mail_transport is
  'How this project sends mail, where it is not as the fleet does: sealed with AES-256-GCM under MIOSA_AUTH_KEY.';

create table mail_templates (
  purpose text not null,
  language text not null,
  subject text not null,
  html text not null,
  text text not null,
  constraint mail_templates_pkey primary key (purpose, language),
  constraint mail_templates_purpose check (purpose ~ '^[a-z_]{1,40}$'),
  constraint mail_templates_language check (language ~ '^[a-z]{2,3}(-[a-z0-9]{2,8})*$'),
  constraint mail_templates_size check (length(subject) <= 500 and length(html) <= 65536 and length(text) <= 65536)
);
comment on table mail_templates is 'Words of this project''s own for a mail, in place of the release''s.';

alter table authorization_codes enable row level security;
alter table mail_budgets enable row level security;
alter table mail_transport enable row level security;
alter table mail_templates enable row level security;

-- These take what a mail may need as well; the functions that follow make them anew.
drop function if exists signup(text, text, text, jsonb, bytea, inet, text);
drop function if exists update_user(uuid, uuid, text, jsonb, text, uuid, bytea, bytea, inet);
