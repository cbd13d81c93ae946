-- The mail that a sign-up owes: to a new user, or to one who never proved the address, the token that
-- proves it; to anybody else who has the address, word that there is an account. Where the address was
-- written to a moment ago nothing is sent, and the sign-up is not refused for it: it was not asked for a
-- mail. p_user is the new user, or all null. Returns it. Without p_mail, which SQL alone cannot make,
-- nothing is sent; with it, the caller has locked the address's budget before the user.

create or replace function mail_sign_up(p_email text, p_user users, p_mail jsonb) returns users
language plpgsql volatile security invoker
as $$
declare
  v_owner users := p_user;
  v_is_limited boolean;
begin
  if p_mail is null then
    return p_user;
  end if;
  if p_user.id is null then
    select * into v_owner from users where email = p_email for no key update;
  end if;
  v_is_limited := reserve_mail(p_email) is not null;
  if p_user.id is not null then
    update users set confirmation_sent_at = created_at where id = p_user.id returning * into p_user;
    v_owner := p_user;
  end if;
  if v_owner.id is null or v_is_limited then
    perform queue_nothing(p_mail);
  elsif v_owner.email_confirmed_at is null then
    perform issue_token(v_owner, 'signup', p_email, p_mail);
  else
    perform queue_mail('account_exists', p_email, v_owner, '');
  end if;
  return p_user;
end
$$;
