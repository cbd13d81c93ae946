-- Whether a change of address waits for its proofs. Not for more than two days, in which a mail that waited for one
-- has left and its link has died, whether or not somebody has the address: then there is no token that would tell.

create or replace function email_change_waits(p_user users) returns boolean
language sql stable security invoker
as $$
  select p_user.new_email is not null and p_user.email_change_sent_at > now() - interval '2 days'
$$;
