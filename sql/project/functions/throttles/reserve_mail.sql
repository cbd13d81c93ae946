-- Pays for one mail to an address: null when it may be sent, else seconds to wait. Counted by the
-- address as it is asked for, whether or not anybody has it. The project's own limit is on how many
-- addresses were asked for in an hour, counted and not locked: no row of the whole project is written.
-- Locks the budget, see lock_mail_budget().

create or replace function reserve_mail(p_email text) returns integer
language plpgsql volatile security invoker
as $$
declare
  v_subject bytea := email_subject(p_email);
  v_settings settings;
  v_budget mail_budgets;
  v_now timestamptz;
  v_each double precision;
  v_returned double precision;
begin
  select * into strict v_settings from settings;
  v_each := 86400.0 / v_settings.mails_per_recipient_per_day;
  perform prune_mail_budgets(10, v_subject);
  v_budget := lock_mail_budget(p_email);
  v_now := clock_timestamp();

  if v_budget.asked_at > v_now - v_settings.mail_interval * interval '1 second' then
    return ceil(extract(epoch from v_budget.asked_at - v_now) + v_settings.mail_interval);
  end if;
  -- One comes back each n-th of a day: nobody can silence an address for longer than that.
  v_returned := floor(extract(epoch from v_now - v_budget.day_started_at) / v_each);
  v_budget.day_mails := greatest(0, v_budget.day_mails - v_returned);
  v_budget.day_started_at := case when v_budget.day_mails = 0 then v_now
    else v_budget.day_started_at + v_returned * v_each * interval '1 second' end;
  if v_budget.day_mails >= v_settings.mails_per_recipient_per_day then
    return greatest(1, ceil(extract(epoch from v_budget.day_started_at - v_now) + v_each));
  end if;
  if (
    select count(*) from (
      -- In order, or a plan for any hour would read them all.
      select from mail_budgets where asked_at > v_now - interval '1 hour'
      order by asked_at desc
      limit v_settings.mail_recipients_per_hour
    ) as asked
  ) >= v_settings.mail_recipients_per_hour then
    return 300;
  end if;

  update mail_budgets set
    asked_at = v_now, day_started_at = v_budget.day_started_at, day_mails = v_budget.day_mails + 1
  where subject = v_subject;
  return null;
end
$$;
