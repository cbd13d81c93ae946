-- Whether a service outside is asked if a new password stands in a leak.
alter table settings
  add column breached_passwords text default 'off' not null,
  add constraint settings_breached_passwords check (breached_passwords in ('off', 'check'));
