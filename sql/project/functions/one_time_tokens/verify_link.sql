-- A link's token, of one of the purposes, once: the row of the user is locked first, so of parallel
-- calls one finds it. p_code_hash is a fresh authorization code for where the client is reached by
-- redirect, else null.
-- Called by the runtime.
-- Returns: otp_expired for wrong, used, stale and of another purpose alike; user_banned, email_exists.

create or replace function verify_link(
  p_purposes jsonb, p_token_hash bytea, p_refresh_hash bytea, p_code_hash bytea, p_client inet, p_user_agent text
) returns jsonb
language plpgsql volatile security definer
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
declare
  v_user users;
  v_token one_time_tokens;
begin
  select u.* into v_user
  from one_time_tokens t join users u on u.id = t.user_id
  where t.token_hash = p_token_hash
  for no key update of u;
  select * into v_token from one_time_tokens
  where token_hash = p_token_hash and user_id = v_user.id
    and p_purposes ? purpose and purpose <> 'reauthentication' and expires_at > clock_timestamp()
    and (purpose <> 'email_change' or email = v_user.new_email)
    and (purpose not in ('email_change', 'email_change_current') or email_change_waits(v_user));
  if not found then
    return jsonb_build_object('outcome', 'otp_expired');
  end if;
  return redeem_token(v_token, v_user, p_refresh_hash, p_code_hash, p_client, p_user_agent);
end
$$;

comment on function verify_link(jsonb, bytea, bytea, bytea, inet, text) is
  'Redeems a mailed link: {outcome, claims, user}, {outcome, code}, {outcome, half_done}, or {outcome: code}.';
