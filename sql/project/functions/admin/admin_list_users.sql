-- A page of the users, newest first. The next page starts after the last user of this one, by time and
-- id, so that users who come or go in between are neither shown twice nor skipped.
-- For administrators; p_after_* are both null for the first page; p_filter is text in the address.

create or replace function admin_list_users(
  p_limit integer, p_after_created_at timestamptz, p_after_id uuid, p_filter text
) returns jsonb
language sql stable security definer
set search_path from current
as $$
  with page as (
    select u, u.created_at, u.id
    from users u
    -- No "is null or": the first page and the thousandth both begin at a place in the index.
    where (u.created_at, u.id) < (
        coalesce(p_after_created_at, 'infinity'), coalesce(p_after_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
      )
      and (p_filter is null or strpos(u.email, lower(p_filter collate "C")) > 0)
    order by u.created_at desc, u.id desc
    limit p_limit
  )
  select jsonb_build_object('outcome', null, 'users', coalesce(
    jsonb_agg(user_json(page.u, user_identities_json(page.id)) order by page.created_at desc, page.id desc), '[]'
  ))
  from page
$$;
