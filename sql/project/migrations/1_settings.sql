-- What an operator may choose for one project. One row, typed columns, each with its range: a value
-- that a release cannot work with is refused where it is written.

create table settings (
  singleton boolean default true not null constraint settings_pkey primary key,
  name text default '' not null,
  site_url text default '' not null,
  cors_origins text[] default '{}' not null,
  signup_enabled boolean default true not null,
  email_confirmation text default 'optional' not null,
  password_min_length integer default 8 not null,
  password_change text default 'recent' not null,
  bcrypt_cost integer default 10 not null,
  access_token_lifetime integer default 3600 not null,
  session_lifetime integer default 0 not null,
  session_idle_timeout integer default 0 not null,
  sessions_per_user integer default 100 not null,
  login_failures_before_wait integer default 10 not null,
  login_guesses_per_day integer default 100 not null,
  logins_per_address integer default 60 not null,
  signups_per_address integer default 100 not null,
  constraint settings_is_one_row check (singleton),
  constraint settings_name check (length(name) <= 100),
  constraint settings_email_confirmation check (email_confirmation in ('optional', 'required', 'off')),
  constraint settings_password_min_length check (password_min_length between 6 and 128),
  constraint settings_password_change check (password_change in ('recent', 'current_password', 'any')),
  constraint settings_bcrypt_cost check (bcrypt_cost between 10 and 16),
  constraint settings_access_token_lifetime check (access_token_lifetime between 60 and 86400),
  constraint settings_session_lifetime check (session_lifetime between 0 and 315360000),
  constraint settings_session_idle_timeout check (session_idle_timeout between 0 and 315360000),
  constraint settings_sessions_per_user check (sessions_per_user between 1 and 10000),
  constraint settings_login_failures_before_wait check (login_failures_before_wait between 1 and 100),
  constraint settings_login_guesses_per_day check (login_guesses_per_day between 1 and 100),
  constraint settings_logins_per_address check (logins_per_address between 0 and 100000),
  constraint settings_signups_per_address check (signups_per_address between 0 and 100000)
);
comment on table settings is
  'One row. Lifetimes are seconds; session_lifetime and session_idle_timeout 0 mean no limit; *_per_address counts requests in 5 minutes, 0 turns the limit off.';

insert into settings default values;

comment on table migrations is
  'Which migrations this schema has run, with a hash of each: a published one never changes.';

alter table settings enable row level security;
alter table migrations enable row level security;
