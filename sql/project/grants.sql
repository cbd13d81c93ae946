-- Nobody but the owner may do anything in this schema until it is granted. Runs last in every
-- install and upgrade. Grants that a customer made to roles of its own are left alone.

alter default privileges revoke execute on functions from public;

do $$
begin
  execute format('revoke all on schema %I from public', current_schema());
  execute format('revoke all on all tables in schema %I from public', current_schema());
  execute format('revoke all on all sequences in schema %I from public', current_schema());
  execute format('revoke all on all functions in schema %I from public', current_schema());
end
$$;
