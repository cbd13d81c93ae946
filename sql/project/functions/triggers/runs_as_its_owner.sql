-- Whether an application's trigger function is SECURITY DEFINER: the condition under which a trigger
-- on users fires. One that is not would run with the rights of this schema's owner, whose statement
-- fires it, and could read every key; so when it no longer is, the statement fails.
-- Raises MA902.

create or replace function runs_as_its_owner(p_function regprocedure) returns boolean
language plpgsql volatile security invoker
as $$
begin
  if not exists (select from pg_catalog.pg_proc p where p.oid = p_function and p.prosecdef) then
    raise exception 'a trigger function of the application is not SECURITY DEFINER' using errcode = 'MA902';
  end if;
  return true;
end
$$;
