-- Forgets budgets that a guess would find as full as a new one, from the block p_from: {deleted, next}. Their
-- day is over, and so is every wait; see reserve_guess().

create or replace function prune_guess_budgets(p_limit integer, p_from bigint) returns jsonb
language plpgsql volatile security invoker
as $$
declare
  v_blocks constant tid[] := blocks_from(p_from);
  v_deleted integer;
begin
  with full_again as materialized (
    select b.purpose, b.subject from guess_budgets b
    where b.ctid >= v_blocks[1] and b.ctid < v_blocks[2]
      and b.day_started_at < clock_timestamp() - interval '1 day'
      and (b.blocked_until is null or b.blocked_until < clock_timestamp())
    limit p_limit
    for update skip locked
  )
  delete from guess_budgets b using full_again f where b.purpose = f.purpose and b.subject = f.subject;
  get diagnostics v_deleted = row_count;
  return jsonb_build_object(
    'deleted', v_deleted, 'next', next_blocks('guess_budgets', p_from, v_deleted >= p_limit)
  );
end
$$;
