-- Pays for a guess at a typed code and looks for the token that it opens: of the address, of one of
-- the purposes, alive. p_candidates maps each purpose to the MACs that the code would have, in hex.
-- A guess is counted by address, known or not, and a new code does not refill the budget; five wrong
-- ones end a code. Null in both fields means wrong. The caller must return, not raise, a refusal.

create or replace function guess_code(p_email text, p_candidates jsonb, out token one_time_tokens, out wait integer)
language plpgsql volatile security invoker
as $$
declare
  v_per_day integer := (select code_guesses_per_day from settings);
begin
  -- No wait before the day's guesses are made: five in a row end the code.
  wait := reserve_guess('code', email_subject(p_email), v_per_day + 1, v_per_day);
  if wait is not null then
    return;
  end if;

  select t.* into token from one_time_tokens t
  where t.email = p_email
    and p_candidates -> t.purpose ? encode(t.code_mac, 'hex')
    and t.code_expires_at > clock_timestamp()
    and t.wrong_guesses < 5
  for update;
  if found then
    perform return_guess('code', email_subject(p_email));
  else
    update one_time_tokens set wrong_guesses = least(wrong_guesses + 1, 5)
    where email = p_email and p_candidates ? purpose;
  end if;
end
$$;
