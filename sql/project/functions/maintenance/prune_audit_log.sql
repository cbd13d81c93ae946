-- Forgets lines that are older than the project keeps them, the oldest first, behind the line p_from:
-- {deleted, next}. Lines are numbered as they come, so that no index by time is kept.

create or replace function prune_audit_log(p_limit integer, p_from bigint) returns jsonb
language plpgsql volatile security invoker
as $$
declare
  v_days integer := (select audit_retention_days from settings);
  v_gone bigint[];
begin
  if v_days > 0 then
    with gone as (
      delete from audit_log where id = any (array(
        select a.id from audit_log a
        where a.id = any (array(select o.id from audit_log o where o.id > p_from order by o.id limit p_limit))
          and a.at < clock_timestamp() - v_days * interval '1 day'
        for update skip locked
      ))
      returning id
    )
    select array_agg(id) into v_gone from gone;
  end if;
  return jsonb_build_object(
    'deleted', coalesce(cardinality(v_gone), 0),
    'next', case when cardinality(v_gone) >= p_limit then (select max(id) from unnest(v_gone) id) end
  );
end
$$;
