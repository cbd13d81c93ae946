-- Changes what a user may change of itself; all of it or, when one part is refused, none. A new
-- password ends every other session and every one-time token, and its owner is told by mail. A new
-- address waits until it has proved itself; a taken one is answered like a free one. The user's row is
-- locked before all is judged, so a sign-in with the old password either comes before and is ended, or comes
-- after and is refused.
-- Called by the runtime. Locks: the client address's rate row, the new address's mail budget, the user, the
-- account's budget, its sessions. p_attempt is from own_password_salt() and is spent here; p_current_proof
-- and p_new_proof are SHA-256 of the current and the new password hashed with the stored salt;
-- p_nonce_macs are those of the code of a reauthentication mail, in hex; p_mail holds what the mails to
-- the new and to the current address would carry, see issue_token().
-- Returns: user_not_found, session_not_found, session_expired, user_banned, validation_failed for a
-- password of a user without an address, current_password_invalid,
-- reauthentication_needed, reauthentication_not_valid, same_password, over_request_rate_limit,
-- over_email_send_rate_limit. Raises what the table's constraint on the size of user metadata raises.

create or replace function update_user(
  p_session_id uuid,
  p_user_id uuid,
  p_email text,
  p_email_as_typed text,
  p_user_metadata jsonb,
  p_password_hash text,
  p_attempt uuid,
  p_current_proof bytea,
  p_new_proof bytea,
  p_nonce_macs jsonb,
  p_mail jsonb,
  p_client inet
) returns jsonb
language plpgsql volatile security definer
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
declare
  v_user users;
  v_had_password boolean;
  v_is_proved boolean := p_current_proof is not null or p_nonce_macs is not null;
  v_metadata jsonb;
  v_refusal jsonb;
  v_new_email text;
begin
  v_refusal := wait_json('over_request_rate_limit', case when p_email is not null then
    spend_rate('mail', p_client, (select mails_per_address from settings)) end);
  if v_refusal is not null then
    return v_refusal;
  end if;
  if p_email is not null then
    perform lock_mail_budget(p_email);
  end if;
  select * into v_user from users where id = p_user_id for no key update;
  v_had_password := v_user.password_hash is not null;
  v_new_email := nullif(p_email, v_user.email);
  v_metadata := merged_metadata(v_user.user_metadata, p_user_metadata);
  -- All else before the password is judged: a change that fails for another reason after that would
  -- tell, and as often as it is asked, whether the new password is the old one.
  perform require_metadata_size(v_metadata);

  v_refusal := coalesce(
    refusal_json(caller_refusal(p_session_id, v_user)),
    case when p_password_hash is not null and v_user.email is null then refusal_json('validation_failed') end,
    case when p_password_hash is not null or v_new_email is not null then
      coalesce(
        nonce_refusal(v_user, p_nonce_macs),
        case when p_nonce_macs is null then
          refusal_json(own_change_refusal(p_session_id, v_user, p_attempt, p_current_proof)) end
      )
    end,
    case when v_new_email is not null then
      wait_json('over_email_send_rate_limit', reserve_mail(v_new_email))
    end,
    case when p_password_hash is not null then
      refusal_json(same_password_refusal(v_user, p_attempt, p_new_proof, v_is_proved))
    end
  );
  if v_refusal is not null then
    if p_password_hash is not null then
      perform record_event('password_change_refused', p_user_id, p_session_id, p_client, jsonb_build_object('code', v_refusal -> 'outcome'));
    end if;
    return v_refusal;
  end if;

  update users set
    user_metadata = v_metadata,
    password_hash = coalesce(p_password_hash, password_hash),
    password_changed_at = case when p_password_hash is null then password_changed_at else clock_timestamp() end,
    updated_at = clock_timestamp()
  where id = p_user_id
  returning * into v_user;
  -- What an application's triggers deferred runs now, and not at commit with the caller's rights.
  set constraints all immediate;

  if p_password_hash is not null then
    -- Not before the application's triggers: what they refuse stays a guess.
    if v_had_password and not v_is_proved then
      perform return_guess('password', user_subject(p_user_id));
    end if;
    perform revoke_sessions(p_user_id, 'others', p_session_id, 'password_changed');
    perform void_tokens(p_user_id);
    select * into strict v_user from users where id = p_user_id;
    perform tell_user(v_user, 'password_changed');
    perform record_event('password_changed', p_user_id, p_session_id, p_client);
  end if;
  if v_new_email is not null then
    v_user := begin_email_change(v_user, v_new_email, p_email_as_typed, p_mail);
    perform record_event('email_change_requested', p_user_id, p_session_id, p_client);
  end if;
  return jsonb_build_object('outcome', null, 'user', user_json(v_user, user_identities_json(p_user_id)));
end
$$;

comment on function update_user(uuid, uuid, text, text, jsonb, text, uuid, bytea, bytea, jsonb, jsonb, inet) is
  'Updates the user of a live session: {outcome, user}, or {outcome: code}.';
