-- Null when the session is a live one of the user, else user_not_found or a code of session_refusal().

create or replace function caller_refusal(p_session_id uuid, p_user users) returns text
language sql stable security invoker
as $$
  select case
    when p_user.id is null then 'user_not_found'
    else session_refusal(
      (select s from sessions s where s.id = p_session_id and s.user_id = p_user.id), p_user
    )
  end
$$;
