-- The user id of a token that this schema issued, whoever set it. Reads database_keys, hence a
-- definer function; nothing the caller can set, save jwt.token itself, reaches the decision.

create or replace function verified_uid() returns uuid
language sql stable parallel safe security definer
set search_path from current
as $$
  select i.user_id from verified_identity() i
$$;

comment on function verified_uid() is
  'The user id proved by the token in jwt.token, or null. Use it as (select verified_uid()) where the caller can run SQL of its own.';
