-- As verified_uid(), and the session must still be live: a logout, a ban or an expiry bites in the
-- next statement.

create or replace function live_uid() returns uuid
language sql stable parallel safe security definer
set search_path from current
as $$
  select u.id
  from verified_identity() i
  join sessions s on s.id = i.session_id and s.user_id = i.user_id
  join users u on u.id = s.user_id
  where session_refusal(s, u) is null
$$;

comment on function live_uid() is
  'The user id proved by the token in jwt.token while its session is live, or null. Use it as (select live_uid()).';
