-- The full allow-list. miosa_auth_project is what all owners of projects are members of: they may
-- queue mail, in their own name alone, and read nothing.

revoke all on schema miosa_auth from miosa_auth_runtime, miosa_auth_project;
revoke all on all tables in schema miosa_auth from miosa_auth_runtime, miosa_auth_project;
revoke all on all functions in schema miosa_auth from miosa_auth_runtime, miosa_auth_project;

grant usage on schema miosa_auth to miosa_auth_runtime, miosa_auth_project;
grant execute on function find_project(text) to miosa_auth_runtime;
grant insert (project_id, purpose, recipient, payload) on outbox to miosa_auth_project;
