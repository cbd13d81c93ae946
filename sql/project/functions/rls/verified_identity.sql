-- User and session of the token in jwt.token when its db_mac is right and it has not expired, else
-- nulls.
--
-- Who the token in jwt.token was issued to, by the MAC that only this schema can make. The claims
-- are read by pattern, not as JSON: which of two claims of one name is taken does not matter, since
-- the MAC must fit the five values that were taken, and no JSON parser can raise here.

create or replace function verified_identity(out user_id uuid, out session_id uuid)
language plpgsql stable parallel safe security invoker
as $$
declare
  c_uuid constant text := '([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})';
  v_payload text := token_payload(nullif(current_setting('jwt.token', true), ''));
  v_user_id uuid := substring(v_payload from '"sub":"' || c_uuid || '"')::uuid;
  v_session_id uuid := substring(v_payload from '"session_id":"' || c_uuid || '"')::uuid;
  v_exp bigint := substring(v_payload from '"exp":([0-9]{1,12})[,}]')::bigint;
  v_mac text := db_mac(
    v_user_id,
    v_session_id,
    substring(v_payload from '"role":"([a-z0-9_]+)"'),
    substring(v_payload from '"aal":"([a-z0-9]+)"'),
    v_exp
  );
  v_claimed_mac text := substring(v_payload from '"db_mac":"([A-Za-z0-9_-]{43})"');
begin
  -- Hashes are compared, so that the time of the comparison tells nothing of the MAC.
  if sha256(convert_to(v_mac, 'UTF8')) = sha256(convert_to(v_claimed_mac, 'UTF8'))
    and v_exp > extract(epoch from statement_timestamp())
  then
    user_id := v_user_id;
    session_id := v_session_id;
  end if;
end
$$;
