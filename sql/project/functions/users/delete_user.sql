-- A user removes itself, and all that is its own goes in the same transaction. Asks for a session of
-- the last 24 hours or the current password.
-- Called by the runtime; p_attempt and p_current_proof as in update_user().
-- Returns: user_not_found, session_not_found, session_expired, user_banned,
-- current_password_invalid, reauthentication_needed.

create or replace function delete_user(
  p_session_id uuid,
  p_user_id uuid,
  p_attempt uuid,
  p_current_proof bytea,
  p_client inet
) returns jsonb
language plpgsql volatile security definer
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
declare
  v_user users;
  v_refusal text;
begin
  select * into v_user from users where id = p_user_id for update;
  v_refusal := coalesce(
    caller_refusal(p_session_id, v_user),
    reauthentication_refusal('recent', p_session_id, v_user, p_attempt, p_current_proof)
  );
  if v_refusal is not null then
    return jsonb_build_object('outcome', v_refusal);
  end if;

  -- In the order in which a logout locks them: the cascade would meet them in another.
  perform from sessions where user_id = p_user_id order by id for update;
  delete from users where id = p_user_id;
  -- What an application's triggers deferred runs now, and not at commit with the caller's rights.
  set constraints all immediate;
  -- But not of codes: whoever made the account could make it anew, and guess on.
  delete from guess_budgets
  where subject in (email_subject(v_user.email), user_subject(v_user.id)) and purpose <> 'code';
  perform discard_mail(p_user_id, true);
  perform record_event('user_deleted', p_user_id, p_session_id, p_client);
  return jsonb_build_object('outcome', null);
end
$$;

comment on function delete_user(uuid, uuid, uuid, bytea, inet) is
  'Deletes the user of a live session with all its sessions, identities and tokens: {outcome}.';
