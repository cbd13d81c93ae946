-- For administrators: parked mail is queued again, as if it had never been tried. After a day what it
-- said is gone or going, so it stays parked.

create or replace function retry_mail(p_ids bigint[], p_project_id text) returns integer
language sql volatile security invoker
as $$
  with again as (
    update outbox set
      state = 'queued', attempts = 0, due_at = now(), failure = null, settled_at = null
    where state = 'parked' and settled_at >= now() - interval '1 day'
      and (p_ids is null or id = any (p_ids))
      and (p_project_id is null or project_id = p_project_id)
    returning id
  )
  select count(*)::integer from again
$$;

comment on function retry_mail(bigint[], text) is
  'Queues parked mail of the last day again, all where both are null: how many. For administrators.';
