-- HMAC over schema, sub, session_id, role, aal and exp, in base64url: the claim db_mac.
--
-- The proof, for SQL's own eyes, that this schema issued a token: it does not depend on the token's
-- outer signature, and its key is readable by the schema's owner alone. The message is a JSON array,
-- so no value can pass for two.

create or replace function db_mac(p_user_id uuid, p_session_id uuid, p_role text, p_aal text, p_exp bigint)
returns text
language sql stable strict parallel safe security invoker
as $$
  select translate(rtrim(encode(hmac_sha256(k.inner_pad, k.outer_pad, convert_to(
    jsonb_build_array('miosa-auth/db_mac/1', current_schema(), p_user_id, p_session_id, p_role, p_aal, p_exp)::text,
    'UTF8'
  )), 'base64'), '='), '+/', '-_')
  from database_keys k
  where k.purpose = 'db_mac'
$$;
