-- Removes anonymous users whose last sign of life is older than p_age; at most p_limit of them, passing
-- over who is busy. How many. For administrators.

create or replace function delete_anonymous_users(p_age interval, p_limit integer) returns integer
language plpgsql volatile security definer
set search_path from current
as $$
declare
  v_ids uuid[];
begin
  select array_agg(stale.id) into v_ids
  from (
    select u.id from users u
    where u.is_anonymous and u.created_at < clock_timestamp() - p_age
      and not exists (
        select from sessions s
        where s.user_id = u.id and s.revoked_at is null and s.refreshed_at >= clock_timestamp() - p_age
      )
    order by u.created_at
    limit p_limit
    for update of u skip locked
  ) as stale;
  perform from sessions where user_id = any (v_ids) order by id for update;
  delete from users where id = any (v_ids);
  set constraints all immediate;
  return coalesce(cardinality(v_ids), 0);
end
$$;
