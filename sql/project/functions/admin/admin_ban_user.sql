-- Bans a user for p_seconds from now, or lifts the ban where that is null. A ban bites in the next
-- call of each of the user's sessions; the sessions stay, and count again when it is over.
-- For administrators; p_who is an id or a canonical address.
-- Returns: user_not_found.

create or replace function admin_ban_user(p_who text, p_seconds bigint) returns jsonb
language plpgsql volatile security definer
set search_path from current
as $$
declare
  v_user users := find_user(p_who);
  v_event text := 'user_banned';
begin
  update users
  set banned_until = clock_timestamp() + p_seconds * interval '1 second', updated_at = clock_timestamp()
  where id = v_user.id
  returning * into v_user;
  if not found then
    return jsonb_build_object('outcome', 'user_not_found');
  end if;
  if p_seconds is null then
    v_event := 'user_unbanned';
  end if;
  perform record_event(
    v_event, v_user.id, null, null,
    jsonb_strip_nulls(jsonb_build_object('until', iso_time(v_user.banned_until), 'by', session_user))
  );
  return jsonb_build_object('outcome', null, 'user', user_json(v_user, user_identities_json(v_user.id)));
end
$$;
