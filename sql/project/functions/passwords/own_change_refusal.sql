-- Null when the caller may change its password or address by the project's policy, else a code of
-- reauthentication_refusal().

create or replace function own_change_refusal(
  p_session_id uuid, p_user users, p_attempt uuid, p_current_proof bytea
) returns text
language sql volatile security invoker
as $$
  select reauthentication_refusal(s.password_change, p_session_id, p_user, p_attempt, p_current_proof)
  from settings s
$$;
