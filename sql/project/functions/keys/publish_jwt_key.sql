-- Stores the key that is to sign next: it verifies already and does not sign yet, so that apps can
-- adopt it. One that waits already is not lost by mistake: only p_replaces puts another in its place.
--
-- For administrators, as the schema's owner. Locks: the table, against another rotation.
-- Returns: conflict.

create or replace function publish_jwt_key(
  p_kid text, p_algorithm text, p_sealed bytea, p_public_jwk jsonb, p_replaces boolean
) returns jsonb
language plpgsql volatile security invoker
as $$
declare
  v_replaced text[];
begin
  lock table jwt_keys in share row exclusive mode;
  if not p_replaces and exists (select from jwt_keys where state = 'next') then
    return jsonb_build_object('outcome', 'conflict');
  end if;

  select array_agg(kid) into v_replaced from jwt_keys where state = 'next';
  delete from jwt_keys where state = 'next';
  perform add_jwt_key(p_kid, p_algorithm, 'next', p_sealed, p_public_jwk);
  perform record_event('jwt_key_published', null, null, null, jsonb_build_object(
    'kid', p_kid, 'replaced', v_replaced, 'by', session_user
  ));
  return jsonb_build_object('outcome', null);
end
$$;
