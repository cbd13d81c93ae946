-- Called by the runtime for a token whose signature it has checked; whether the session still lives
-- is decided here, so that a logout bites at once.
-- Returns: user_not_found, session_not_found, session_expired, user_banned.

create or replace function get_user(p_session_id uuid, p_user_id uuid) returns jsonb
language plpgsql stable security definer
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
declare
  v_user users;
  v_refusal text;
begin
  select * into v_user from users where id = p_user_id;
  v_refusal := caller_refusal(p_session_id, v_user);
  if v_refusal is not null then
    return jsonb_build_object('outcome', v_refusal);
  end if;
  return jsonb_build_object('outcome', null, 'user', user_json(v_user, user_identities_json(p_user_id)));
end
$$;

comment on function get_user(uuid, uuid) is 'The user of a live session: {outcome, user}, or {outcome: code}.';
