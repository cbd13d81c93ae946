-- After a leak: one new key signs and verifies, and no other. The key of db_mac is made anew as well,
-- so that verified_uid() and live_uid() refuse every token of before. Sessions and refresh tokens
-- stay: whoever holds one gets a new access token.
--
-- For administrators, as the schema's owner. Locks: the table, against another rotation.

create or replace function replace_jwt_keys(p_kid text, p_algorithm text, p_sealed bytea, p_public_jwk jsonb)
returns void
language plpgsql volatile security invoker
as $$
declare
  v_removed text[];
begin
  lock table jwt_keys in share row exclusive mode;
  select array_agg(kid order by created_at) into v_removed from jwt_keys;
  delete from jwt_keys;
  perform add_jwt_key(p_kid, p_algorithm, 'active', p_sealed, p_public_jwk);
  perform renew_database_key('db_mac');
  perform record_event('jwt_keys_replaced', null, null, null, jsonb_build_object(
    'kid', p_kid, 'removed', v_removed, 'by', session_user
  ));
end
$$;
