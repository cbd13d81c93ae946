-- Null when the caller is the user by p_policy (recent, current_password, any), else a code.
--
-- Whether the caller has shown, recently enough, that it is the user: p_policy is the project's
-- setting. A proof that is given is judged under every policy. A user without a password cannot
-- give one, so a recent session does.

create or replace function reauthentication_refusal(
  p_policy text, p_session_id uuid, p_user users, p_attempt uuid, p_current_proof bytea
) returns text
language plpgsql volatile security invoker
as $$
declare
  v_subject bytea := email_subject(p_user.email);
begin
  if p_current_proof is not null then
    if not spend_attempt(p_attempt, v_subject) or not proves_password(p_user, p_current_proof) then
      return 'current_password_invalid';
    end if;
    perform return_guess('password', v_subject);
    return null;
  end if;

  if p_policy = 'any' then
    return null;
  end if;
  -- Who came by a recovery mail does not know the current password.
  if p_policy = 'current_password' and p_user.password_hash is not null and not exists (
    select from sessions where id = p_session_id and amr @> '[{"method": "recovery"}]'
  ) then
    return 'reauthentication_needed';
  end if;
  if exists (
    select from sessions
    where id = p_session_id and created_at > clock_timestamp() - interval '24 hours'
  ) then
    return null;
  end if;
  return 'reauthentication_needed';
end
$$;
