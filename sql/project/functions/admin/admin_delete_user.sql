-- Removes a user and all that is its own, in one transaction.
-- For administrators; p_who is an id or a canonical address.
-- Returns: user_not_found.

create or replace function admin_delete_user(p_who text) returns jsonb
language plpgsql volatile security definer
set search_path from current
as $$
declare
  v_user users := find_user(p_who);
begin
  perform from users where id = v_user.id for update;
  if not found then
    return jsonb_build_object('outcome', 'user_not_found');
  end if;
  -- In the order in which a logout locks them: the cascade would meet them in another.
  perform from sessions where user_id = v_user.id order by id for update;
  delete from users where id = v_user.id;
  -- What an application's triggers deferred runs now, and not at commit with the caller's rights.
  set constraints all immediate;
  -- But not of codes: whoever made the account could make it anew, and guess on.
  delete from guess_budgets
  where subject in (email_subject(v_user.email), user_subject(v_user.id)) and purpose <> 'code';
  perform discard_mail(v_user.id, true);
  perform record_event('user_deleted', v_user.id, null, null, jsonb_build_object('by', session_user));
  return jsonb_build_object('outcome', null, 'user_id', v_user.id);
end
$$;
