-- Whether p_proof is SHA-256 of the user's stored password hash.
--
-- Hashes are compared, so that the time of the comparison tells nothing of the stored one. A user
-- without a password is proved by nothing.

create or replace function proves_password(p_user users, p_proof bytea) returns boolean
language sql immutable security invoker
as $$
  select coalesce(sha256(convert_to(p_user.password_hash, 'UTF8')) = p_proof, false)
$$;
