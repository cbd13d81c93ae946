-- A caller asks for a mail to an address: null when it may be sent, and who has it or null, locked like all
-- who have a token for it; else {outcome, retry_after} with over_request_rate_limit (too many from there) or
-- over_email_send_rate_limit (too many to there). Known and unknown addresses are counted alike.

create or replace function ask_for_mail(p_email text, p_client inet, out account users, out refusal jsonb)
language plpgsql volatile security invoker
as $$
declare
  v_wait integer;
begin
  v_wait := spend_rate('mail', p_client, (select mails_per_address from settings));
  if v_wait is not null then
    refusal := wait_json('over_request_rate_limit', v_wait);
    return;
  end if;
  v_wait := reserve_mail(p_email);
  if v_wait is not null then
    refusal := wait_json('over_email_send_rate_limit', v_wait);
    return;
  end if;
  perform lock_token_holders(p_email);
  -- Who got the address while those before were waited for is locked by nobody yet, and may be about to go.
  select u.* into account from users u where u.email = p_email for no key update;
end
$$;
