-- Null when the password may be changed, else a code.
--
-- Asks who it is before it says whether the new password is the old one, so that this answer is no
-- oracle for a stolen token. Who need not prove the current password has paid for this comparison;
-- update_user() gives the guess back.

create or replace function password_change_refusal(
  p_session_id uuid, p_user users, p_attempt uuid, p_current_proof bytea, p_new_proof bytea
) returns text
language sql volatile security invoker
as $$
  select coalesce(
    reauthentication_refusal(s.password_change, p_session_id, p_user, p_attempt, p_current_proof),
    case when p_current_proof is null and p_user.password_hash is not null
      and not spend_attempt(p_attempt, user_subject(p_user.id))
      then 'reauthentication_needed' end,
    case when proves_password(p_user, p_new_proof) then 'same_password' end
  )
  from settings s
$$;
