-- Ends sessions of a user: global (all), local (the given one) or others (all but it). How many.
-- Raises MA901.
--
-- Locks the sessions in the order of their ids, so that two of these cannot wait for each other. Finds them as
-- open_session() does.

create or replace function revoke_sessions(p_user_id uuid, p_scope text, p_session_id uuid, p_reason text)
returns integer
language plpgsql volatile security invoker
as $$
declare
  v_count integer;
begin
  if p_scope is null or p_scope not in ('global', 'local', 'others') then
    raise exception 'a scope is global, local or others' using errcode = 'MA901';
  end if;

  if p_scope <> 'local' then
    -- A code is a session that was not opened yet.
    delete from authorization_codes where user_id = p_user_id and session_id is null;
  end if;
  with live as (
    select s.id from sessions s
    where s.user_id = (select p_user_id)
      and s.revoked_at is null
      and (p_scope = 'global' or (p_scope = 'local') = (s.id = p_session_id))
    order by s.id
    for no key update
  )
  update sessions set revoked_at = clock_timestamp(), revoked_because = p_reason
  where id = any (array(select id from live));
  get diagnostics v_count = row_count;
  return v_count;
end
$$;
