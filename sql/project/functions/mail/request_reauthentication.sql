-- Mails a code to the caller's own address, by which it shows once more that it is the user.
-- Called by the runtime. Locks: the client address's rate row, the address's mail budget, the user.
-- Returns: user_not_found, session_not_found, session_expired, user_banned, validation_failed for a user
-- without an address, over_request_rate_limit, over_email_send_rate_limit.

create or replace function request_reauthentication(p_session_id uuid, p_user_id uuid, p_mail jsonb, p_client inet)
returns jsonb
language plpgsql volatile security definer
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
declare
  v_asked record;
  v_user users;
  v_refusal text;
begin
  select * into v_user from users where id = p_user_id;
  v_refusal := coalesce(
    caller_refusal(p_session_id, v_user),
    case when v_user.email is null then 'validation_failed' end
  );
  if v_refusal is not null then
    return jsonb_build_object('outcome', v_refusal);
  end if;
  select * into v_asked from ask_for_mail(v_user.email, p_client);
  if v_asked.refusal is not null then
    return v_asked.refusal;
  end if;
  v_user := v_asked.account;
  if v_user.id is distinct from p_user_id then
    return jsonb_build_object('outcome', 'user_not_found');
  end if;

  update users set reauthentication_sent_at = clock_timestamp() where id = p_user_id returning * into v_user;
  perform issue_token(v_user, 'reauthentication', v_user.email, p_mail);
  return jsonb_build_object('outcome', null);
end
$$;

comment on function request_reauthentication(uuid, uuid, jsonb, inet) is
  'Queues a code to the address of a live session''s user: {outcome}, null or a code.';
