-- Null when a new password is another than the stored one, else same_password.
--
-- Comes after who the caller is was asked, so that this answer is no oracle for a stolen token. Who
-- has not proved to be the user has paid for this comparison, out of the budget of user_subject();
-- update_user() gives the guess back.

create or replace function same_password_refusal(p_user users, p_attempt uuid, p_new_proof bytea, p_is_proved boolean)
returns text
language sql volatile security invoker
as $$
  select coalesce(
    case when not p_is_proved and p_user.password_hash is not null
      and not spend_attempt(p_attempt, user_subject(p_user.id))
      then 'reauthentication_needed' end,
    case when proves_password(p_user, p_new_proof) then 'same_password' end
  )
$$;
