-- Signs in with the password itself: for callers that have SQL alone. Goes through password_salt() and
-- login(), so that guesses are counted with those over HTTP; but a caller that rolls back takes its
-- guess back, and the plaintext is in the statement. Installed on request, granted to nobody.
-- Returns: validation_failed, over_request_rate_limit, invalid_credentials, user_banned, email_not_confirmed.

create or replace function login_with_password(p_email text, p_password text) returns jsonb
language plpgsql volatile security definer
set search_path from current
as $$
declare
  v_salt jsonb;
  v_proof bytea;
  v_secret bytea := refresh_secret();
  v_result jsonb;
begin
  if p_email is null or p_password is null or octet_length(p_password) > 4096 then
    return jsonb_build_object('outcome', 'validation_failed');
  end if;
  v_salt := password_salt(p_email, null);
  if v_salt ->> 'outcome' is not null then
    return v_salt;
  end if;

  v_proof := sha256(convert_to(bcrypt_hash(p_password, v_salt ->> 'salt'), 'UTF8'));
  v_result := login((v_salt ->> 'attempt')::uuid, p_email, v_proof, sha256(v_secret), null, null);
  if (v_result ->> 'renew_hash')::boolean then
    perform renew_password_hash(
      (v_result #>> '{user,id}')::uuid, v_proof,
      bcrypt_hash(p_password, (select bcrypt_salt(s.bcrypt_cost) from settings s))
    );
  end if;
  return sql_session(v_result, v_secret);
end
$$;

comment on function login_with_password(text, text) is
  'Signs in by a canonical address and a password: {outcome, user, refresh_token, database_token, expires_at}, or {outcome: code}. The password is in the statement: mind the logs.';
