-- Sets a new password by a link's token, or by the code that check_recovery_code() has judged. Token,
-- password and session change in one transaction: a crash leaves all as it was. Every other session and
-- token of the user ends, and its owner is told by mail.
-- Called by the runtime. Locks: the user, the account's budget, its sessions.
-- Returns: otp_expired, user_banned.

create or replace function reset_password(
  p_token_hash bytea,
  p_attempt uuid,
  p_email text,
  p_macs jsonb,
  p_password_hash text,
  p_refresh_hash bytea,
  p_client inet,
  p_user_agent text
) returns jsonb
language plpgsql volatile security definer
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
declare
  v_user users;
  v_token one_time_tokens;
begin
  if p_password_hash is null then
    raise exception 'a password hash is required' using errcode = 'MA901';
  end if;
  select u.* into v_user
  from one_time_tokens t join users u on u.id = t.user_id
  where t.purpose = 'recovery' and (t.token_hash = p_token_hash or (p_token_hash is null and t.email = p_email))
  for no key update of u;
  select * into v_token from one_time_tokens t
  where t.user_id = v_user.id and t.purpose = 'recovery'
    and case when p_token_hash is not null
      then t.token_hash = p_token_hash and t.expires_at > clock_timestamp()
      else p_macs ? encode(t.code_mac, 'hex') and t.code_expires_at > clock_timestamp() and t.wrong_guesses < 5
        and spend_attempt(p_attempt, email_subject(p_email))
    end;
  if not found then
    return jsonb_build_object('outcome', 'otp_expired');
  end if;
  if v_user.banned_until > clock_timestamp() then
    return jsonb_build_object('outcome', 'user_banned');
  end if;

  perform forget_bounce(v_token.email);
  v_user := prove_address(v_user, 'recovery');
  update users set
    password_hash = p_password_hash, password_changed_at = clock_timestamp(), updated_at = clock_timestamp()
  where id = v_user.id
  returning * into v_user;
  perform return_guess('password', email_subject(v_user.email));
  perform revoke_sessions(v_user.id, 'global', null, 'password_reset');
  perform void_tokens(v_user.id);
  perform tell_user(v_user, 'password_changed');
  perform record_event('password_reset', v_user.id, null, p_client);
  return open_session(v_user, 'recovery', p_refresh_hash, p_client, p_user_agent);
end
$$;

comment on function reset_password(bytea, uuid, text, jsonb, text, bytea, inet, text) is
  'Sets a password by a recovery link or code: {outcome, claims, user}, or {outcome: code}.';
