-- The sealed part of what the HTTP layer prepared for a mail. Raises MA901 when it prepared nothing.

create or replace function mail_payload(p_mail jsonb) returns bytea
language plpgsql stable security invoker
as $$
begin
  if p_mail ->> 'payload' is null then
    raise exception 'what the mail carries is required' using errcode = 'MA901';
  end if;
  return decode(p_mail ->> 'payload', 'hex');
end
$$;
