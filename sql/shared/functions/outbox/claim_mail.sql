-- Takes mail that is due, at most p_limit rows, each under a lease of p_lease_seconds. Called by the
-- runtime, by any number of servers at once.
--
-- Projects take turns: the first mail of each, then the second of each. Which projects have mail at
-- all is read by jumping from one to the next in outbox_due_idx, so that a million rows of one cost
-- no more than one row. Suspended projects wait.

create or replace function claim_mail(p_limit integer, p_lease_seconds integer) returns jsonb
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
  -- What a project has under way counts: one whose mail server is slow does not take every free place.
  due as materialized (
    select d.id, d.due_at, row_number() over (partition by w.project_id order by d.due_at, d.id) + (
      select count(*) from outbox l
      where l.project_id = w.project_id and l.lease is not null and l.due_at > now()
    ) as turn
    from waiting w
    join projects p on p.id = w.project_id and p.state = 'active'
    cross join lateral (
      select o.id, o.due_at from outbox o
      where o.project_id = w.project_id and o.state = 'queued' and o.purpose <> 'none' and o.due_at <= now()
      order by o.due_at limit p_limit
    ) d
  ),
  -- Twice as many as are wanted, for those that another server takes in the meantime.
  first_in_turn as materialized (
    select id, due_at, turn from due order by turn, due_at limit 2 * p_limit
  ),
  -- What another server has just leased is read anew here, and is not due any more.
  chosen as materialized (
    select o.id from first_in_turn f join outbox o on o.id = f.id
    where o.state = 'queued' and o.due_at <= now()
    order by f.turn, f.due_at
    limit p_limit
    for update of o skip locked
  ),
  taken as (
    update outbox o set
      lease = gen_random_uuid(),
      due_at = now() + p_lease_seconds * interval '1 second',
      attempts = o.attempts + 1
    from chosen c where o.id = c.id
    returning o.*
  )
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', t.id::text,
    'lease', t.lease,
    'installation', (select i.tag from installation i),
    'project_id', t.project_id,
    'user_id', t.user_id,
    'purpose', t.purpose,
    'recipient', t.recipient,
    'payload', encode(t.payload, 'hex'),
    'data', t.data,
    'attempts', t.attempts,
    'is_suppressed', exists (
      select from suppressed_addresses s
      where s.project_id = t.project_id and s.owner_role = t.owner_role and s.address = t.recipient
        and (s.expires_at > now() or s.expires_at is null)
    ),
    'queued_at', to_char(t.queued_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
  ) order by t.queued_at, t.id), '[]')
  from taken t
$$;

comment on function claim_mail(integer, integer) is
  'Leases due mail to one server: [{id, lease, installation, project_id, user_id, purpose, recipient, payload (hex), data, attempts, is_suppressed, queued_at}].';
