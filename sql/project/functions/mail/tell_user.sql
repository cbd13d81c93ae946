-- Tells a user who has an address what was done to the account, by a mail that only tells, so that who
-- did not do it hears of it.

create or replace function tell_user(p_user users, p_purpose text) returns void
language plpgsql volatile security invoker
as $$
begin
  if p_user.email is not null then
    perform queue_mail(p_purpose, p_user.email, p_user, '');
  end if;
end
$$;
