-- Tells a user who has an address that the password was changed, so that who did not do it hears of it.

create or replace function tell_of_new_password(p_user users) returns void
language plpgsql volatile security invoker
as $$
begin
  if p_user.email is not null then
    perform queue_mail('password_changed', p_user.email, p_user, '');
  end if;
end
$$;
