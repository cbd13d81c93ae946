-- For administrators, as the schema's owner. Every value is checked by the table's own constraints.
-- Locks: the table, since the row is replaced, and who waited for the row itself would find it gone.
-- Raises MA901 for a name that is no setting.

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
  if v_changed is distinct from v_settings then
    perform record_event('settings_changed', null, null, null, jsonb_build_object(
      'names', (select jsonb_agg(name order by name) from jsonb_object_keys(p_changes) as change (name)),
      'by', session_user
    ));
  end if;
  return to_jsonb(v_changed) - 'singleton';
end
$$;
