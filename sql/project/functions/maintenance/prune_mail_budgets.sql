-- Forgets budgets that are full again, but for one: strangers could make any number of them. How many.
-- By now(), which is stable, so that the index leads to what is over and nothing else is read.

create or replace function prune_mail_budgets(p_limit integer, p_but_for bytea) returns integer
language sql volatile security invoker
as $$
  with gone as (
    delete from mail_budgets where subject = any (array(
      select b.subject from mail_budgets b
      where b.asked_at < now() - interval '2 days' and b.subject is distinct from p_but_for
      order by b.asked_at
      limit p_limit
      for update skip locked
    ))
    returning 1
  )
  select count(*)::integer from gone
$$;
