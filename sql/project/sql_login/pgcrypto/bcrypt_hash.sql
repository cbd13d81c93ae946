-- What the server's hasher would make of a password: bcrypt, of a digest when it is over 72 bytes.
--
-- The three functions that call pgcrypto have RETURN bodies: what they call is looked up here and now,
-- in the extension's own schema, and by the exact types, so that no overload and no search_path can
-- put another function in its place later.

create or replace function bcrypt_hash(p_password text, p_salt text) returns text
language sql volatile security invoker
return crypt(
  case
    when octet_length(convert_to(p_password, 'UTF8')) <= 72 then p_password
    else encode(
      hmac(convert_to(p_password, 'UTF8'), convert_to('miosa-auth/password/sha384/v1', 'UTF8'), 'sha384'::text),
      'base64'
    )
  end,
  p_salt
);
