-- For administrators, in the transaction that installs the project's schema.

create or replace function register_project(p_id text, p_owner_role name, p_release text) returns void
language sql volatile security invoker
as $$
  insert into projects (id, owner_role, release) values (p_id, p_owner_role, p_release)
$$;

comment on function register_project(text, name, text) is 'Enters a project into the registry. Fails with 23505 when it is there.';
