-- Budgets that guard a secret are logged and survive a crash. What only slows a flood is UNLOGGED:
-- a crash empties it, and every server still shares it.

create table guess_budgets (
  purpose text not null,
  subject bytea not null,
  failures integer default 0 not null,
  blocked_until timestamptz,
  day_started_at timestamptz default clock_timestamp() not null,
  day_guesses integer default 0 not null,
  constraint guess_budgets_pkey primary key (purpose, subject),
  constraint guess_budgets_purpose check (purpose in ('password', 'code', 'factor'))
);
comment on table guess_budgets is
  'How often a secret of an account was guessed. subject is SHA-256 of the address, so that an unknown address is counted like a known one and not stored.';

create unlogged table login_attempts (
  id uuid default gen_random_uuid() not null constraint login_attempts_pkey primary key,
  subject bytea not null,
  expires_at timestamptz not null
);
comment on table login_attempts is
  'A guess that was paid for and not yet made. Lost in a crash: the caller asks for another one.';

create index login_attempts_expires_at_idx on login_attempts (expires_at);

create unlogged table request_rates (
  kind text not null,
  bucket inet not null,
  window_started_at timestamptz not null,
  hits integer not null,
  constraint request_rates_pkey primary key (kind, bucket)
);
comment on table request_rates is 'Requests by client address in the running window of 5 minutes.';

alter table guess_budgets enable row level security;
alter table login_attempts enable row level security;
alter table request_rates enable row level security;
