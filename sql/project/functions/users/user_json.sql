-- A user as the API shows it: no hash, no secret. Absent values are left out, except the texts that
-- clients rely on being texts.

create or replace function user_json(p_user users, p_identities jsonb) returns jsonb
language sql stable security invoker
as $$
  select jsonb_build_object(
    'id', p_user.id,
    'aud', 'authenticated',
    'role', p_user.role,
    'email', coalesce(p_user.email, ''),
    'phone', '',
    'app_metadata', p_user.app_metadata,
    'user_metadata', p_user.user_metadata,
    'identities', p_identities,
    'is_anonymous', p_user.is_anonymous,
    'created_at', iso_time(p_user.created_at),
    'updated_at', iso_time(p_user.updated_at)
  ) || jsonb_strip_nulls(jsonb_build_object(
    'email_confirmed_at', iso_time(p_user.email_confirmed_at),
    'confirmed_at', iso_time(p_user.email_confirmed_at),
    'confirmation_sent_at', iso_time(p_user.confirmation_sent_at),
    'recovery_sent_at', iso_time(p_user.recovery_sent_at),
    'reauthentication_sent_at', iso_time(p_user.reauthentication_sent_at),
    'new_email', case when email_change_waits(p_user) then p_user.new_email end,
    'email_change_sent_at', case when email_change_waits(p_user) then iso_time(p_user.email_change_sent_at) end,
    'invited_at', iso_time(p_user.invited_at),
    'last_sign_in_at', iso_time(p_user.last_sign_in_at),
    'banned_until', iso_time(p_user.banned_until)
  ))
$$;
