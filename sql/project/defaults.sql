-- Runs before the functions: what this owner creates is nobody else's until grants.sql says so.

alter default privileges revoke execute on functions from public;
