-- Whose password a recovery link would change, before a new one is judged and hashed for it.
-- Called by the runtime. Consumes nothing.
-- Returns: otp_expired.

create or replace function recovery_account(p_token_hash bytea) returns jsonb
language sql stable security definer
set search_path from current
as $$
  select coalesce(
    (
      select jsonb_build_object('outcome', null, 'email', t.email, 'code_challenge', t.code_challenge)
      from one_time_tokens t
      where t.token_hash = p_token_hash and t.purpose = 'recovery' and t.expires_at > clock_timestamp()
    ),
    jsonb_build_object('outcome', 'otp_expired')
  )
$$;

comment on function recovery_account(bytea) is 'The address of a live recovery link, and the PKCE challenge of who asked: {outcome, email, code_challenge}, or {outcome: otp_expired}.';
