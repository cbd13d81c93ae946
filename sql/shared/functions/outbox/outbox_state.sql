-- Asked for each scrape of metrics, by the runtime. It tells of no project: counts by project are for
-- administrators. Mail of suspended projects waits for them and is nobody's delay, so it is not counted.
--
-- The worse it is, the less may a scrape cost: counts end at 10,000, and the oldest mail of each project is
-- the first of outbox_oldest_idx, where projects are found as claim_mail() finds them.

create or replace function outbox_state() returns jsonb
language sql volatile security definer
set search_path from current
as $$
  with recursive waiting (project_id) as (
    select (
      select o.project_id from outbox o
      where o.state = 'queued' and o.purpose <> 'none' order by o.project_id limit 1
    )
    union all
    select (
      select o.project_id from outbox o
      where o.state = 'queued' and o.purpose <> 'none' and o.project_id > w.project_id
      order by o.project_id limit 1
    )
    from waiting w where w.project_id is not null
  ),
  served as materialized (
    select w.project_id, (
      select o.queued_at from outbox o
      where o.project_id = w.project_id and o.state = 'queued' and o.purpose <> 'none'
      order by o.queued_at limit 1
    ) as oldest
    from waiting w join projects p on p.id = w.project_id and p.state = 'active'
  )
  select jsonb_build_object(
    'clock', extract(epoch from clock_timestamp()),
    'queued', (
      select count(*) from (
        select from served s cross join lateral (
          select from outbox o
          where o.project_id = s.project_id and o.state = 'queued' and o.purpose <> 'none' limit 10000
        ) as own
        limit 10000
      ) as counted
    ),
    'oldest_queued_seconds', coalesce(floor(extract(epoch from now() - (select min(oldest) from served)))::integer, 0),
    'parked', (
      select count(*) from (select from outbox o where o.state = 'parked' limit 10000) as counted
    )
  )
$$;

comment on function outbox_state() is
  'How much mail of all projects waits and is parked, to 10,000 of each, the age in seconds of what has waited longest (0 for none), and the clock that measures it. Called by the runtime.';
