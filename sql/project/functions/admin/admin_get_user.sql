-- For administrators; p_who is an id or a canonical address.
-- Returns: user_not_found.

create or replace function admin_get_user(p_who text) returns jsonb
language plpgsql stable security definer
set search_path from current
as $$
declare
  v_user users := find_user(p_who);
begin
  if v_user.id is null then
    return jsonb_build_object('outcome', 'user_not_found');
  end if;
  return jsonb_build_object('outcome', null, 'user', user_json(v_user, user_identities_json(v_user.id)));
end
$$;
