-- A stable bcrypt salt for an address that has no password here.
--
-- The salt that an unknown address is answered with: always the same for an address, at the cost
-- that new users have, and not to be told from a real one. bcrypt writes base64 in an alphabet of
-- its own; 16 bytes make 22 letters.

create or replace function decoy_salt(p_email text, p_cost integer) returns text
language sql stable security invoker
as $$
  select '$2a$' || lpad(p_cost::text, 2, '0') || '$' || left(translate(
    encode(substr(hmac_sha256(k.inner_pad, k.outer_pad, convert_to(p_email, 'UTF8')), 1, 16), 'base64'),
    'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
    './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
  ), 22)
  from database_keys k
  where k.purpose = 'decoy'
$$;
