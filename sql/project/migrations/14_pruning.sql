-- The audit log is kept for as long as the operator says.
alter table settings
  add column audit_retention_days integer default 90 not null,
  add constraint settings_audit_retention_days check (audit_retention_days between 0 and 36500);

-- Another takes its place.
drop function if exists forget_mail_budgets(bytea);
