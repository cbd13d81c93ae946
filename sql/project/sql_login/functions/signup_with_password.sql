-- Makes a user with the password itself: for callers that have SQL alone. Goes through signup(); what
-- the server checks beside the length (common passwords, words of the address) is not checked here, and
-- no mail is sent: its token would be made where the log can see it.
-- The plaintext is in the statement. Installed on request, granted to nobody.
-- Returns: validation_failed, weak_password, signup_disabled, user_already_exists.

create or replace function signup_with_password(p_email text, p_password text, p_data jsonb) returns jsonb
language plpgsql volatile security definer
set search_path from current
as $$
declare
  v_settings settings;
  v_secret bytea := refresh_secret();
begin
  if p_email is null or p_password is null or octet_length(p_password) > 4096 then
    return jsonb_build_object('outcome', 'validation_failed');
  end if;
  select * into strict v_settings from settings;
  if char_length(p_password) < v_settings.password_min_length then
    return jsonb_build_object('outcome', 'weak_password');
  end if;

  return sql_session(
    signup(
      p_email, p_email, bcrypt_hash(p_password, bcrypt_salt(v_settings.bcrypt_cost)), p_data,
      sha256(v_secret), null, null, null
    ),
    v_secret
  );
end
$$;

comment on function signup_with_password(text, text, jsonb) is
  'Signs up by a canonical address and a password: {outcome, user, refresh_token, database_token, expires_at}; user alone where it must be confirmed; or {outcome: code}. The password is in the statement: mind the logs.';
