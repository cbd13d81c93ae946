-- Gives back a guess that could not be made, since the server had no room to hash: whoever comes again, as its
-- 503 says, would be out of guesses before one was judged. A guess that was compared has no attempt any more
-- and stays counted, and so does a wait that other failures have earned.
-- Called by the runtime. Locks: the attempt, then the account's budget.

create or replace function return_attempt(p_attempt uuid) returns jsonb
language plpgsql volatile security definer
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
declare
  v_subject bytea;
begin
  delete from login_attempts
  where id = p_attempt and expires_at > clock_timestamp()
  returning subject into v_subject;
  update guess_budgets set
    failures = greatest(failures - 1, 0),
    day_guesses = greatest(day_guesses - 1, 0),
    blocked_until = case
      when failures > (select login_failures_before_wait from settings) then blocked_until
    end
  where purpose = 'password' and subject = v_subject;
  return jsonb_build_object('outcome', null, 'returned', found);
end
$$;

comment on function return_attempt(uuid) is
  'Gives back a guess that was reserved and not made: {outcome, returned}.';
