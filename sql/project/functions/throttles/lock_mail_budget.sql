-- The mail budget of an address, locked until commit; made when there is none. Taken before any user, everywhere:
-- an address has one whether or not somebody has the address, so those who come at once for a new one queue here.

create or replace function lock_mail_budget(p_email text) returns mail_budgets
language plpgsql volatile security invoker
as $$
declare
  v_subject bytea := email_subject(p_email);
  v_budget mail_budgets;
begin
  loop
    select * into v_budget from mail_budgets where subject = v_subject for update;
    exit when found;
    insert into mail_budgets (subject, asked_at, day_started_at, day_mails)
    values (v_subject, '-infinity', clock_timestamp(), 0)
    on conflict do nothing;
  end loop;
  return v_budget;
end
$$;
