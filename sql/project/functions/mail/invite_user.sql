-- For service_role: makes a user without a password, or takes one whose address was never proved, and
-- mails an invitation. A proved address is refused; this caller may know who there is. Where too much
-- mail went to the address, no user is made. Raises 40001 when one was made a moment ago; the caller is called
-- again.
-- Called by the runtime. Locks: the address's mail budget, the user.
-- Returns: email_exists, over_email_send_rate_limit.

create or replace function invite_user(
  p_email text, p_email_as_typed text, p_user_metadata jsonb, p_mail jsonb, p_client inet
) returns jsonb
language plpgsql volatile security definer
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
declare
  v_user users;
  v_wait integer;
begin
  perform lock_mail_budget(p_email);
  select * into v_user from users where email = p_email for no key update;
  if v_user.email_confirmed_at is not null then
    return jsonb_build_object('outcome', 'email_exists');
  end if;
  v_wait := reserve_mail(p_email);
  if v_wait is not null then
    return wait_json('over_email_send_rate_limit', v_wait);
  end if;
  if v_user.id is null then
    v_user := create_email_user(p_email, p_email_as_typed, null, p_user_metadata);
    if v_user.id is null then
      -- By whom no mail budget was held; the next call finds and locks the user.
      raise exception 'somebody signed up at the same time' using errcode = '40001';
    end if;
  end if;

  -- Whoever signed up with the address before may be somebody else: no mail of that sign-up leaves its
  -- password, and what it wrote of itself goes.
  update users set
    invited_at = clock_timestamp(), confirmation_sent_at = clock_timestamp(),
    signed_up_again_at = clock_timestamp(), user_metadata = merged_metadata('{}', p_user_metadata)
  where id = v_user.id and email_confirmed_at is null
  returning * into v_user;
  if not found then
    return jsonb_build_object('outcome', 'email_exists');
  end if;
  perform issue_token(v_user, 'invite', v_user.email, p_mail);
  perform record_event('user_invited', v_user.id, null, p_client);
  return jsonb_build_object('outcome', null, 'user', user_json(v_user, user_identities_json(v_user.id)));
end
$$;

comment on function invite_user(text, text, jsonb, jsonb, inet) is
  'Invites an address: {outcome, user}, or {outcome: code}.';
