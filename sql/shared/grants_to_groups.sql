-- The full allow-list. miosa_auth_project is what all owners of projects are members of: they may
-- queue mail in their own name alone, take it back, and read nothing of what it says; and forget their own
-- bounces.

revoke all on schema miosa_auth from miosa_auth_runtime, miosa_auth_project;
revoke all on all tables in schema miosa_auth from miosa_auth_runtime, miosa_auth_project;
revoke all on all functions in schema miosa_auth from miosa_auth_runtime, miosa_auth_project;

grant usage on schema miosa_auth to miosa_auth_runtime, miosa_auth_project;
grant execute on function
  find_project(text),
  claim_pruning(),
  claim_mail(integer, integer),
  settle_mail(bigint, uuid),
  postpone_mail(bigint, uuid, text, boolean),
  bounce_mail(bigint, uuid, text),
  release_mail(bigint, uuid),
  defer_mail(bigint, uuid, text, integer),
  prune_mail(integer),
  outbox_state()
to miosa_auth_runtime;
grant insert (project_id, purpose, recipient, payload, user_id, data) on outbox to miosa_auth_project;
grant select (project_id, purpose, recipient, user_id) on outbox to miosa_auth_project;
grant delete on outbox to miosa_auth_project;
grant select (project_id, address, reason) on suppressed_addresses to miosa_auth_project;
grant delete on suppressed_addresses to miosa_auth_project;
grant execute on function run_owner_step(text, text, boolean) to miosa_auth_project;
