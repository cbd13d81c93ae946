-- Sends again what waits for a proof: of the address of a sign-up, or of either address of a change, to the one
-- that is named and not to the other: whoever asks for a change and has one of the two would hear whether somebody
-- has the other, and its mail would be paid for by this one's budget. Answers alike whether there is anything to send.
-- p_mail is as in issue_token(); for a change, its `current` is what the mail to the address of now would carry.
-- Called by the runtime. Locks: the client address's rate row, the address's mail budget, the user.
-- Returns: over_request_rate_limit, over_email_send_rate_limit.

create or replace function resend_mail(p_purpose text, p_email text, p_mail jsonb, p_client inet) returns jsonb
language plpgsql volatile security definer
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
declare
  v_asked record;
  v_user users;
  v_issued text := p_purpose;
begin
  select * into v_asked from ask_for_mail(p_email, p_client);
  if v_asked.refusal is not null then
    return v_asked.refusal;
  end if;
  v_user := v_asked.account;
  if p_purpose = 'email_change' and p_mail ? 'current'
    and email_change_waits(v_user) and needs_both_addresses(v_user)
    and v_user.new_email_proved_by is distinct from 'current'
  then
    v_issued := 'email_change_current';
    p_mail := p_mail -> 'current';
  elsif p_purpose = 'email_change' then
    -- Whose address it is to become, and for whom a token was made before: a taken address has none. Its user is
    -- locked by now: nobody makes another such token while the budget is held.
    select u.* into v_user
    from one_time_tokens t join users u on u.id = t.user_id and u.new_email = t.email
    where t.purpose = 'email_change' and t.email = p_email and email_change_waits(u)
    order by t.created_at desc
    limit 1;
  elsif v_user.email_confirmed_at is not null then
    v_user := null;
  end if;
  if v_user.id is null then
    perform queue_nothing(p_mail);
  else
    perform issue_token(v_user, v_issued, p_email, p_mail);
  end if;
  perform record_event('mail_requested_again', v_user.id, null, p_client);
  return jsonb_build_object('outcome', null);
end
$$;

comment on function resend_mail(text, text, jsonb, inet) is
  'Queues the mail of a sign-up or of a change of address again, if one is due: {outcome}, null or a rate limit.';
