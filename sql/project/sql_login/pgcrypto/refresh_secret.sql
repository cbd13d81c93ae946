-- The 256 random bits of a refresh token.

create or replace function refresh_secret() returns bytea
language sql volatile security invoker
return gen_random_bytes(32);
