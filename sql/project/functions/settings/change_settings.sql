-- For administrators, as the schema's owner. Every value is checked by the table's own constraints.
-- Raises MA901 for a name that is no setting. Locks the table against other changes, not against
-- reading: a row lock would not do, since the row is replaced.

create or replace function change_settings(p_changes jsonb) returns jsonb
language plpgsql volatile security invoker
as $$
declare
  v_settings settings;
  v_changed settings;
begin
  lock table settings in share row exclusive mode;
  select * into strict v_settings from settings;
  if exists (
    select from jsonb_object_keys(p_changes) as change (name)
    where name = 'singleton' or not to_jsonb(v_settings) ? name
  ) then
    raise exception 'there is no such setting' using errcode = 'MA901';
  end if;

  v_changed := jsonb_populate_record(v_settings, p_changes);
  delete from settings;
  insert into settings select v_changed.*;
  return to_jsonb(v_changed) - 'singleton';
end
$$;
