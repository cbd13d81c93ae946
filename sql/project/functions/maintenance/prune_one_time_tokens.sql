-- Forgets mailed tokens that are over, from the block p_from: {deleted, next}. Not within a day: the life of a
-- token whose mail waits is counted anew when the mail leaves.

create or replace function prune_one_time_tokens(p_limit integer, p_from bigint) returns jsonb
language plpgsql volatile security invoker
as $$
declare
  v_blocks constant tid[] := blocks_from(p_from);
  v_deleted integer;
begin
  delete from one_time_tokens where id = any (array(
    select t.id from one_time_tokens t
    where t.ctid >= v_blocks[1] and t.ctid < v_blocks[2]
      and greatest(t.expires_at, t.code_expires_at) < clock_timestamp()
      and t.created_at < clock_timestamp() - interval '1 day'
    limit p_limit
    for update skip locked
  ));
  get diagnostics v_deleted = row_count;
  return jsonb_build_object(
    'deleted', v_deleted, 'next', next_blocks('one_time_tokens', p_from, v_deleted >= p_limit)
  );
end
$$;
