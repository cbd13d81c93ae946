-- A user that looks new and is not stored.
--
-- What sign-up answers for a taken address when addresses must be confirmed: in every field what a
-- new user would be, and written nowhere.

create or replace function made_up_user(p_email text, p_user_metadata jsonb) returns users
language plpgsql volatile security invoker
as $$
declare
  v_user users;
begin
  v_user.id := gen_random_uuid();
  v_user.email := p_email;
  v_user.role := 'authenticated';
  v_user.app_metadata := '{"provider": "email", "providers": ["email"]}';
  v_user.user_metadata := merged_metadata('{}', p_user_metadata);
  v_user.is_anonymous := false;
  v_user.confirmation_sent_at := now();
  v_user.created_at := now();
  v_user.updated_at := now();
  return v_user;
end
$$;
