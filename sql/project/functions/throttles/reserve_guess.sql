-- Pays for one guess: null when it may be made, else seconds to wait. After p_in_a_row failures the
-- wait doubles from 1 to 15 minutes; p_per_day bounds a day.
--
-- Takes one guess out of an account's budget before the guess is made, so that parallel guesses
-- cannot outrun it. Returns the seconds to wait when there is none left, else null. The row lock
-- makes the count exact. A right guess is given back by return_guess().

create or replace function reserve_guess(p_purpose text, p_subject bytea, p_in_a_row integer, p_per_day integer)
returns integer
language plpgsql volatile security invoker
as $$
declare
  v_budget guess_budgets;
  v_now timestamptz;
begin
  loop
    select * into v_budget from guess_budgets
      where purpose = p_purpose and subject = p_subject
      for update;
    exit when found;
    -- The first guess, or the row was removed with its user while this waited for it.
    insert into guess_budgets (purpose, subject) values (p_purpose, p_subject) on conflict do nothing;
  end loop;
  v_now := clock_timestamp();

  if v_budget.blocked_until > v_now then
    return ceil(extract(epoch from v_budget.blocked_until - v_now));
  end if;

  if v_budget.day_started_at <= v_now - interval '1 day' then
    v_budget.day_started_at := v_now;
    v_budget.day_guesses := 0;
    v_budget.failures := 0;
  end if;
  if v_budget.day_guesses >= p_per_day then
    return ceil(extract(epoch from v_budget.day_started_at + interval '1 day' - v_now));
  end if;

  v_budget.failures := v_budget.failures + 1;
  update guess_budgets set
    failures = v_budget.failures,
    day_started_at = v_budget.day_started_at,
    day_guesses = v_budget.day_guesses + 1,
    blocked_until = case when v_budget.failures >= p_in_a_row
      then v_now + least(15, 2 ^ least(v_budget.failures - p_in_a_row, 4)) * interval '1 minute' end
  where purpose = p_purpose and subject = p_subject;
  return null;
end
$$;
