-- As what a user is counted where only who holds one of its tokens can guess. Not as its address:
-- a stranger's failed sign-ins must not keep a user from changing its password.

create or replace function user_subject(p_user_id uuid) returns bytea
language sql immutable parallel safe security invoker
as $$
  select sha256(convert_to(p_user_id::text, 'UTF8'))
$$;
