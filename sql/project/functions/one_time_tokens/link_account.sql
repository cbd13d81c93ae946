-- For whom a link is, before it is redeemed: so that a page can name the account, and a new password is
-- judged and hashed for a link that is good. One of the purposes, as in verify_link().
-- Called by the runtime. Consumes nothing.
-- Returns: otp_expired.

create or replace function link_account(p_purposes jsonb, p_token_hash bytea) returns jsonb
language sql stable security definer
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
  select coalesce(
    (
      select jsonb_build_object('outcome', null, 'email', t.email, 'code_challenge', t.code_challenge)
      from one_time_tokens t
      where t.token_hash = p_token_hash and p_purposes ? t.purpose and t.expires_at > clock_timestamp()
    ),
    jsonb_build_object('outcome', 'otp_expired')
  )
$$;

comment on function link_account(jsonb, bytea) is
  'The address of a live link, and the PKCE challenge of who asked: {outcome, email, code_challenge}, or {outcome: otp_expired}.';
