-- The first half of a reset by typed code: pays for the guess and, when the code is right, lets one
-- reset_password() with it pass. Nothing is consumed, so a crash between the halves costs nothing.
-- p_macs are those that the code would have, in hex.
-- Called by the runtime. Locks as in verify_code().
-- Returns: otp_expired, over_request_rate_limit.

create or replace function check_recovery_code(p_email text, p_macs jsonb, p_client inet) returns jsonb
language plpgsql volatile security definer
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
declare
  v_wait integer;
  v_guess record;
begin
  v_wait := spend_rate('login', p_client, (select logins_per_address from settings));
  if v_wait is null then
    perform lock_token_holders(p_email);
    select * into v_guess from guess_code(p_email, jsonb_build_object('recovery', p_macs));
    v_wait := v_guess.wait;
  end if;
  if v_wait is not null then
    return wait_json('over_request_rate_limit', v_wait);
  end if;
  if (v_guess.token).id is null then
    perform record_event('code_refused', null, null, p_client);
    return jsonb_build_object('outcome', 'otp_expired');
  end if;
  return jsonb_build_object('outcome', null, 'attempt', open_attempt(email_subject(p_email)));
end
$$;

comment on function check_recovery_code(text, jsonb, inet) is
  'Judges the code of a recovery mail: {outcome, attempt}, or {outcome: code}.';
