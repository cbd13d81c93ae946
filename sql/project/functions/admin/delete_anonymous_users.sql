-- Removes anonymous users whose last sign of life is older than p_age, with their mail; passes over who is
-- busy and whom the application holds, by a foreign key or a trigger. Looks at p_limit of them, the oldest
-- first, from where the call before ended: p_after is what it returned, or null.
-- Returns {deleted, held, after}; after is null when there are no more. For administrators.

create or replace function delete_anonymous_users(p_age interval, p_limit integer, p_after jsonb) returns jsonb
language plpgsql volatile security definer
set search_path from current
as $$
declare
  v_before timestamptz := clock_timestamp() - p_age;
  v_stale users;
  v_looked integer := 0;
  v_deleted integer := 0;
  v_held integer := 0;
begin
  for v_stale in
    select u.* from users u
    where u.is_anonymous and u.created_at < v_before
      and (p_after is null or (u.created_at, u.id)
        > ((p_after ->> 'created_at')::timestamptz, (p_after ->> 'id')::uuid))
      and not exists (
        select from sessions s
        where s.user_id = u.id and s.revoked_at is null and s.refreshed_at >= v_before
      )
    order by u.created_at, u.id
    limit p_limit
    for update of u skip locked
  loop
    v_looked := v_looked + 1;
    p_after := jsonb_build_object('created_at', v_stale.created_at, 'id', v_stale.id);
    begin
      -- In the order in which a logout locks them: the cascade would meet them in another.
      perform from sessions where user_id = v_stale.id order by id for update;
      -- Who has come back in the meantime has refreshed one.
      continue when exists (
        select from sessions s
        where s.user_id = v_stale.id and s.revoked_at is null and s.refreshed_at >= v_before
      );
      delete from users where id = v_stale.id;
      -- What an application's triggers deferred runs now, and not at commit with the caller's rights.
      set constraints all immediate;
      delete from guess_budgets where subject = user_subject(v_stale.id) and purpose <> 'code';
      perform discard_mail(v_stale.id, true);
      v_deleted := v_deleted + 1;
    exception when foreign_key_violation or restrict_violation or raise_exception then
      v_held := v_held + 1;
    end;
  end loop;
  if v_deleted > 0 then
    perform record_event('anonymous_users_deleted', null, null, null, jsonb_build_object(
      'count', v_deleted, 'by', session_user
    ));
  end if;
  return jsonb_build_object(
    'deleted', v_deleted, 'held', v_held, 'after', case when v_looked = p_limit then p_after end
  );
end
$$;
