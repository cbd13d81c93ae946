-- The key under which guesses at an address are counted.

create or replace function email_subject(p_email text) returns bytea
language sql immutable parallel safe security invoker
as $$
  select sha256(convert_to(p_email, 'UTF8'))
$$;
