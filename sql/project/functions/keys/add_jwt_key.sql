-- Stores a sealed signing key; state is next, active or retired.
--
-- For administrators, as the schema's owner.

create or replace function add_jwt_key(p_kid text, p_algorithm text, p_state text, p_sealed bytea, p_public_jwk jsonb)
returns void
language sql volatile security invoker
as $$
  insert into jwt_keys (kid, algorithm, state, sealed, public_jwk)
  values (p_kid, p_algorithm, p_state, p_sealed, p_public_jwk)
$$;
