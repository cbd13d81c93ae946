-- Locks the users that have an address or a token for it, in the order of their ids. Their ids are looked
-- up first: with `or` or a join, the table of users may be read through.

create or replace function lock_token_holders(p_email text) returns void
language sql volatile security invoker
as $$
  select from users
  where id = any (array(
    select u.id from users u where u.email = p_email
    union all
    select t.user_id from one_time_tokens t where t.email = p_email
  ))
  order by id
  for no key update
$$;
