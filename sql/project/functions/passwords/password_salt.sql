-- The first half of a sign-in: pays for one guess and tells with which salt to hash it. Known and
-- unknown addresses are counted and answered alike.
-- Called by the runtime. Locks: the address's rate row, then the account's budget.
-- Returns: over_request_rate_limit.

create or replace function password_salt(p_email text, p_client inet) returns jsonb
language plpgsql volatile security definer
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
declare
  v_settings settings;
  v_subject bytea := email_subject(p_email);
  v_decoy text;
  v_wait integer;
begin
  select * into strict v_settings from settings;
  v_wait := coalesce(
    spend_rate('login', p_client, v_settings.logins_per_address),
    reserve_guess('password', v_subject, v_settings.login_failures_before_wait, v_settings.login_guesses_per_day)
  );
  if v_wait is not null then
    return jsonb_build_object('outcome', 'over_request_rate_limit', 'retry_after', v_wait);
  end if;

  v_decoy := decoy_salt(p_email, v_settings.bcrypt_cost);
  return jsonb_build_object(
    'outcome', null,
    'attempt', open_attempt(v_subject),
    'salt', coalesce((select left(u.password_hash, 29) from users u where u.email = p_email), v_decoy)
  );
end
$$;

comment on function password_salt(text, inet) is
  'Reserves a guess at an address: {outcome, attempt, salt}, or {outcome: over_request_rate_limit, retry_after}.';
