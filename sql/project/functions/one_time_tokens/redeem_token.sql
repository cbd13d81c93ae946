-- What a proved token is worth: an address confirmed or changed, and a session or, for a client that
-- sent a PKCE challenge and is reached by redirect, an authorization code. The caller holds the user's
-- row, and has found the token under it; nothing is consumed when the user is banned.
-- Returns {outcome, claims, user}, {outcome, code: true}, {outcome, half_done: true}, or user_banned,
-- email_exists.

create or replace function redeem_token(
  p_token one_time_tokens, p_user users, p_refresh_hash bytea, p_code_hash bytea, p_client inet, p_user_agent text
) returns jsonb
language plpgsql volatile security invoker
as $$
declare
  v_change jsonb;
  v_method text := replace(p_token.purpose, '_current', '');
begin
  if p_user.banned_until > clock_timestamp() then
    return jsonb_build_object('outcome', 'user_banned');
  end if;

  delete from one_time_tokens where id = p_token.id;
  perform forget_bounce(p_token.email);
  if p_token.purpose in ('email_change', 'email_change_current') then
    v_change := prove_email_change(p_user, p_token.purpose, p_client);
    if v_change ->> 'outcome' is not null then
      return v_change;
    elsif not (v_change ->> 'done')::boolean then
      return jsonb_build_object('outcome', null, 'half_done', true);
    end if;
    select * into strict p_user from users where id = p_user.id;
  else
    p_user := prove_address(p_user, p_token.purpose);
    perform void_tokens(p_user.id);
  end if;
  perform record_event('token_redeemed', p_user.id, null, p_client, jsonb_build_object('purpose', p_token.purpose));

  if p_code_hash is not null and p_token.code_challenge is not null then
    perform add_authorization_code(
      p_user.id,
      case v_method when 'signup' then 'email/signup' else v_method end,
      jsonb_build_object('hash', encode(p_code_hash, 'hex'), 'challenge', p_token.code_challenge)
    );
    return jsonb_build_object('outcome', null, 'code', true);
  end if;
  return open_session(
    p_user, case v_method when 'recovery' then 'recovery' else 'otp' end, p_refresh_hash, p_client, p_user_agent
  );
end
$$;
