-- A mail by which the owner of an address chooses a new password. The answer does not tell whether
-- anybody has the address, and for an unknown one the same is written.
-- Called by the runtime. Locks: the client address's rate row, the address's mail budget, the user.
-- Returns: over_request_rate_limit, over_email_send_rate_limit.

create or replace function request_recovery(p_email text, p_mail jsonb, p_client inet) returns jsonb
language plpgsql volatile security definer
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
declare
  v_asked record;
  v_user users;
begin
  select * into v_asked from ask_for_mail(p_email, p_client);
  if v_asked.refusal is not null then
    return v_asked.refusal;
  end if;
  v_user := v_asked.account;
  if v_user.id is null then
    perform queue_nothing(p_mail);
  else
    perform issue_token(v_user, 'recovery', v_user.email, p_mail);
  end if;
  perform record_event('recovery_requested', v_user.id, null, p_client);
  return jsonb_build_object('outcome', null);
end
$$;

comment on function request_recovery(text, jsonb, inet) is
  'Queues a recovery mail if somebody has the address: {outcome}, null or a rate limit.';
