-- Locks the users that have a token for an address, in the order of their ids.

create or replace function lock_token_holders(p_email text) returns void
language sql volatile security invoker
as $$
  select from users
  where id in (select user_id from one_time_tokens where email = p_email)
  order by id
  for no key update
$$;
