-- A typed code, of an address and of one of the purposes that p_candidates names (see guess_code()).
-- Called by the runtime. Counted by client address like a sign-in. Locks: the client address's rate row,
-- the users that the address is or is to be of, by id, the address's budget, the token.
-- Returns: otp_expired for unknown address, wrong and stale code alike; over_request_rate_limit,
-- user_banned, email_exists.

create or replace function verify_code(
  p_email text, p_candidates jsonb, p_refresh_hash bytea, p_client inet, p_user_agent text
) returns jsonb
language plpgsql volatile security definer
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
declare
  v_wait integer;
  v_guess record;
  v_token one_time_tokens;
  v_user users;
begin
  v_wait := spend_rate('login', p_client, (select logins_per_address from settings));
  if v_wait is null then
    perform lock_token_holders(p_email);
    select * into v_guess from guess_code(p_email, p_candidates - 'reauthentication');
    v_wait := v_guess.wait;
  end if;
  if v_wait is not null then
    return wait_json('over_request_rate_limit', v_wait);
  end if;

  v_token := v_guess.token;
  select * into v_user from users where id = v_token.user_id;
  if v_token.id is null
    or (v_token.purpose = 'email_change' and v_token.email is distinct from v_user.new_email)
    or (v_token.purpose in ('email_change', 'email_change_current') and not email_change_waits(v_user))
  then
    perform record_event('code_refused', v_user.id, null, p_client);
    return jsonb_build_object('outcome', 'otp_expired');
  end if;
  return redeem_token(v_token, v_user, p_refresh_hash, null, p_client, p_user_agent);
end
$$;

comment on function verify_code(text, jsonb, bytea, inet, text) is
  'Redeems a typed code: {outcome, claims, user}, {outcome, half_done}, or {outcome: code}.';
