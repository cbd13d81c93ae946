-- Why a user may not change by what it signs in, or null. Another identity opens the account for good, as a
-- password does, so a session must be as fresh as for a new password; the current password cannot be
-- given here, and where it is always asked, it is asked of who would do without.
-- Gives manual_linking_disabled, reauthentication_needed, or a code of caller_refusal().

create or replace function identity_change_refusal(p_session_id uuid, p_user users, p_ends_password boolean) returns text
language sql volatile security invoker
as $$
  select coalesce(
    caller_refusal(p_session_id, p_user),
    case when not s.manual_linking then 'manual_linking_disabled' end,
    case when not p_user.is_anonymous then reauthentication_refusal(
      case when s.password_change = 'any' or p_ends_password then s.password_change else 'recent' end,
      p_session_id, p_user, null, null
    ) end
  )
  from settings s
$$;
