-- For administrators.

create or replace function count_mail() returns jsonb
language sql stable security invoker
as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'project', c.project_id,
    'project_state', c.project_state,
    'queued', c.queued,
    'parked', c.parked,
    'sent', c.sent,
    'oldest_queued_at', to_char(c.oldest at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
    'oldest_queued_seconds', floor(extract(epoch from now() - c.oldest))::integer,
    'failure', c.failure
  ) order by c.project_id), '[]')
  from (
    select o.project_id, p.state as project_state,
      count(*) filter (where o.state = 'queued') as queued,
      count(*) filter (where o.state = 'parked') as parked,
      count(*) filter (where o.state = 'sent') as sent,
      min(o.queued_at) filter (where o.state = 'queued') as oldest,
      (array_agg(o.failure order by o.id desc) filter (where o.failure is not null))[1] as failure
    from outbox o join projects p on p.id = o.project_id
    where o.purpose <> 'none'
    group by o.project_id, p.state
  ) c
$$;

comment on function count_mail() is
  'How much mail of each project waits, is parked and was sent, and the newest failure. For administrators.';
