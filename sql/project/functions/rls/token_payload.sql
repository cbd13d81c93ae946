-- The payload of a compact JWS as escaped text, or null. Verifies nothing.
--
-- The payload of a JWT as text in which ASCII stands for itself. Malformed input is null, never an
-- error: decode() is only reached by base64url of a possible length, and the escape format, unlike
-- convert_from(), accepts any bytes.

create or replace function token_payload(p_token text) returns text
language sql immutable strict parallel safe security invoker
as $$
  select case
    when length(p_token) <= 16384
      and p_token ~ '^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$'
      and length(split_part(p_token, '.', 2)) % 4 <> 1
    then encode(decode(
      translate(split_part(p_token, '.', 2), '-_', '+/')
        || repeat('=', (4 - length(split_part(p_token, '.', 2)) % 4) % 4),
      'base64'
    ), 'escape')
  end
$$;
