-- Forgets windows of client addresses that are over, from the block p_from: {deleted, next}.

create or replace function prune_request_rates(p_limit integer, p_from bigint) returns jsonb
language plpgsql volatile security invoker
as $$
declare
  v_blocks constant tid[] := blocks_from(p_from);
  v_deleted integer;
begin
  with over as materialized (
    select r.kind, r.bucket from request_rates r
    where r.ctid >= v_blocks[1] and r.ctid < v_blocks[2]
      and r.window_started_at < clock_timestamp() - interval '10 minutes'
    limit p_limit
    for update skip locked
  )
  delete from request_rates r using over o where r.kind = o.kind and r.bucket = o.bucket;
  get diagnostics v_deleted = row_count;
  return jsonb_build_object(
    'deleted', v_deleted, 'next', next_blocks('request_rates', p_from, v_deleted >= p_limit)
  );
end
$$;
