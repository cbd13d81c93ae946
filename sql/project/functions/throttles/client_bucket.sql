-- The key under which a client address is counted.
--
-- Every spelling of one caller is one bucket: an IPv4 address written as IPv6 is the IPv4 address,
-- and an IPv6 caller is its /64, since a single subscriber is given at least that much.

create or replace function client_bucket(p_client inet) returns inet
language sql immutable parallel safe security invoker
as $$
  select case
    when family(p_client) = 4 then set_masklen(p_client, 32)
    when p_client <<= inet '::ffff:0:0/96' then inet '0.0.0.0' + (set_masklen(p_client, 128) - inet '::ffff:0:0')
    else network(set_masklen(p_client, 64))::inet
  end
$$;
