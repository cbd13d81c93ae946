-- Fires directly before an application's trigger on users, for the same row, and fails the statement
-- when that function would run with the rights of this schema's owner, whose statement fires it and
-- who can read every key; or when it belongs to somebody else than it did. A condition of the trigger
-- would be judged when the event is queued, and the function could be another when it runs.
-- Its arguments: the application's trigger, and the role that owned its function.
-- Raises MA902.

create or replace function guard_application_trigger() returns trigger
language plpgsql volatile security invoker
as $$
begin
  if not exists (
    select from pg_catalog.pg_trigger t
    join pg_catalog.pg_proc p on p.oid = t.tgfoid
    where t.tgrelid = tg_relid and t.tgname = tg_argv[0]
      and p.prosecdef
      and exists (select from unnest(p.proconfig) s (setting) where setting like 'search\_path=%')
      and pg_get_userbyid(p.proowner) = tg_argv[1]
  ) then
    raise exception 'the function of the trigger % is not as it was when it was set', tg_argv[0]
      using errcode = 'MA902';
  end if;
  return null;
end
$$;
