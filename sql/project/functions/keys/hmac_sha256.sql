-- HMAC-SHA256 of p_message; the key comes as key XOR ipad and key XOR opad, 64 bytes each.
--
-- HMAC-SHA256 (RFC 2104) from core functions alone, so that no extension is needed.

create or replace function hmac_sha256(p_inner_pad bytea, p_outer_pad bytea, p_message bytea) returns bytea
language sql immutable strict parallel safe security invoker
as $$
  select sha256(p_outer_pad || sha256(p_inner_pad || p_message))
$$;
