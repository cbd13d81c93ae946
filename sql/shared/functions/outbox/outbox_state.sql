-- Asked for each scrape of metrics, by the runtime. It tells of no project: counts by project are for
-- administrators. Mail of suspended projects waits for them and is nobody's delay, so it is not counted.

create or replace function outbox_state() returns jsonb
language sql volatile security definer
set search_path from current
as $$
  select jsonb_build_object(
    'clock', extract(epoch from clock_timestamp()),
    'queued', count(*),
    'oldest_queued_seconds', coalesce(floor(extract(epoch from now() - min(o.queued_at)))::integer, 0),
    'parked', (
      select count(*) from outbox g where g.state = 'parked'
    )
  )
  from outbox o join projects p on p.id = o.project_id and p.state = 'active'
  where o.state = 'queued' and o.purpose <> 'none'
$$;

comment on function outbox_state() is
  'How much mail of all projects waits and is parked, the age in seconds of what has waited longest (0 for none), and the clock that measures it. Called by the runtime.';
