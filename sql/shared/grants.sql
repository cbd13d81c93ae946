-- Nobody but the owner may do anything here until it is granted. Runs last in every preparation.

revoke all on schema miosa_auth from public;
revoke all on all tables in schema miosa_auth from public;
revoke all on all sequences in schema miosa_auth from public;
revoke all on all functions in schema miosa_auth from public;
