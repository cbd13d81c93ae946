-- The next key signs from now on; the one before it verifies for p_overlap seconds more. Retired keys
-- whose time is over are forgotten.
--
-- For administrators, as the schema's owner. Locks: the table, so of two that activate at once the
-- second finds nothing to activate. Returns: not_found.

create or replace function activate_jwt_key(p_overlap integer) returns jsonb
language plpgsql volatile security invoker
as $$
declare
  v_kid text;
  v_retired text;
  v_accepted_until timestamptz := clock_timestamp() + p_overlap * interval '1 second';
begin
  lock table jwt_keys in share row exclusive mode;
  select kid into v_kid from jwt_keys where state = 'next' order by created_at desc limit 1;
  if not found then
    return jsonb_build_object('outcome', 'not_found');
  end if;

  delete from jwt_keys where state = 'retired' and accepted_until <= clock_timestamp();
  -- The unique index on the active key is checked at once: out before in.
  update jwt_keys set state = 'retired', accepted_until = v_accepted_until
  where state = 'active'
  returning kid into v_retired;
  update jwt_keys set state = 'active' where kid = v_kid;
  perform record_event('jwt_key_activated', null, null, null, jsonb_build_object(
    'kid', v_kid, 'retired', v_retired, 'accepted_until', iso_time(v_accepted_until), 'by', session_user
  ));
  return jsonb_build_object('outcome', null, 'kid', v_kid, 'accepted_until', iso_time(v_accepted_until));
end
$$;
