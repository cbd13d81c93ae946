-- Null when the caller gave no nonce or the right one, else {outcome, retry_after?} with
-- reauthentication_not_valid or over_request_rate_limit. The nonce is the code of a reauthentication
-- mail, counted like any other; p_macs are those that it would have. The caller holds the
-- user's row, and ends the nonce once it has served.

create or replace function nonce_refusal(p_user users, p_macs jsonb) returns jsonb
language plpgsql volatile security invoker
as $$
declare
  v_guess record;
begin
  if p_macs is null then
    return null;
  elsif p_user.email is null then
    return refusal_json('reauthentication_not_valid');
  end if;
  select * into v_guess from guess_code(p_user.email, jsonb_build_object('reauthentication', p_macs));
  if v_guess.wait is not null then
    return wait_json('over_request_rate_limit', v_guess.wait);
  end if;
  if (v_guess.token).user_id is distinct from p_user.id then
    return refusal_json('reauthentication_not_valid');
  end if;
  return null;
end
$$;
