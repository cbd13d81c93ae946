-- A right guess costs nothing and ends the row of failures.

create or replace function return_guess(p_purpose text, p_subject bytea) returns void
language sql volatile security invoker
as $$
  update guess_budgets
  set failures = 0, blocked_until = null, day_guesses = greatest(day_guesses - 1, 0)
  where purpose = p_purpose and subject = p_subject
$$;
