-- A mail that signs in without a password. With p_creates_user and while sign-up is allowed, an unknown
-- address becomes a user without a password, which the mail then proves; otherwise the answer is the same
-- and nothing is sent.
-- Called by the runtime. Locks: the client address's rate row, the address's mail budget, the user. No user is
-- made where no mail may be sent.
-- Returns: over_request_rate_limit, over_email_send_rate_limit. Raises 40001 when a user was made a moment ago; the
-- caller is called again. Raises what the table's constraint on the size of user metadata raises.

create or replace function request_sign_in(
  p_email text, p_email_as_typed text, p_user_metadata jsonb, p_creates_user boolean, p_mail jsonb, p_client inet
) returns jsonb
language plpgsql volatile security definer
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
declare
  v_asked record;
  v_user users;
begin
  -- Whether or not it would be stored: a refusal for new users alone would tell who is none.
  perform require_metadata_size(merged_metadata('{}', p_user_metadata));
  select * into v_asked from ask_for_mail(p_email, p_client);
  if v_asked.refusal is not null then
    return v_asked.refusal;
  end if;
  v_user := v_asked.account;
  if v_user.id is null and p_creates_user and (select signup_enabled from settings) then
    v_user := create_email_user(p_email, p_email_as_typed, null, p_user_metadata);
    if v_user.id is null then
      -- By whom no mail budget was held; the next call finds and locks the user.
      raise exception 'somebody signed up at the same time' using errcode = '40001';
    end if;
    perform record_event('signed_up', v_user.id, null, p_client, '{"provider": "email"}');
  elsif v_user.email_confirmed_at is null and v_user.password_hash is null
    and v_user.last_sign_in_at is null and v_user.invited_at is null then
    -- Before the first sign-in nobody knows who asked first: the newest word counts.
    update users set user_metadata = merged_metadata('{}', p_user_metadata)
    where id = v_user.id
    returning * into v_user;
  end if;
  if v_user.id is null then
    perform queue_nothing(p_mail);
  else
    perform issue_token(v_user, 'magiclink', v_user.email, p_mail);
  end if;
  perform record_event('magic_link_requested', v_user.id, null, p_client);
  return jsonb_build_object('outcome', null);
end
$$;

comment on function request_sign_in(text, text, jsonb, boolean, jsonb, inet) is
  'Queues a mail that signs in, for a new user too if asked: {outcome}, null or a rate limit.';
