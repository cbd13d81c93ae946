-- Who did what, and when. Rows outlive their user, so user_id is no foreign key, and no row holds
-- an address, a token or a hash.

create table audit_log (
  id bigint generated always as identity constraint audit_log_pkey primary key,
  at timestamptz default clock_timestamp() not null,
  event text not null,
  user_id uuid,
  session_id uuid,
  ip inet,
  detail jsonb default '{}' not null,
  constraint audit_log_event_grammar check (event ~ '^[a-z][a-z_]{2,60}$')
);
comment on table audit_log is 'Security events, written by the functions of this schema in the transaction they describe.';

create index audit_log_user_id_at_idx on audit_log (user_id, at);

alter table audit_log enable row level security;
