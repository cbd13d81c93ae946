-- Forgets what is over, at most p_limit rows of each kind: rows of purpose none after a minute, sent
-- mail after 7 days, parked mail after 30, what a parked mail says after a day, and bounces that have
-- expired. Called by the runtime again and again; servers do not wait for each other.

create or replace function prune_mail(p_limit integer) returns integer
language plpgsql volatile security definer
set search_path from current
as $$
declare
  v_rows integer;
  v_total integer := 0;
begin
  delete from outbox where id in (
    select o.id from outbox o
    where o.purpose = 'none' and o.queued_at < now() - interval '1 minute'
    order by o.queued_at limit p_limit for update skip locked
  );
  get diagnostics v_rows = row_count;
  v_total := v_total + v_rows;

  delete from outbox where id in (
    select o.id from outbox o
    where o.settled_at < now() - interval '7 days'
      and (o.state = 'sent' or o.settled_at < now() - interval '30 days')
    order by o.settled_at limit p_limit for update skip locked
  );
  get diagnostics v_rows = row_count;
  v_total := v_total + v_rows;

  delete from suppressed_addresses s using (
    select e.project_id, e.owner_role, e.address from suppressed_addresses e
    where e.expires_at < now()
    order by e.expires_at limit p_limit for update skip locked
  ) expired
  where s.project_id = expired.project_id and s.owner_role = expired.owner_role and s.address = expired.address;
  get diagnostics v_rows = row_count;
  v_total := v_total + v_rows;

  update outbox set payload = '', data = '{}' where id in (
    select o.id from outbox o
    where o.settled_at < now() - interval '1 day' and o.state = 'parked'
      and (o.payload <> '' or o.data <> '{}')
    order by o.settled_at limit p_limit for update skip locked
  );
  get diagnostics v_rows = row_count;
  return v_total + v_rows;
end
$$;

comment on function prune_mail(integer) is
  'Forgets some of the mail that is over: how many rows it deleted or erased. Enough when it is 0.';
