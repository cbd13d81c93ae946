create or replace function email_subject(p_email text) returns bytea
language sql immutable parallel safe security invoker
as $$
  select sha256(convert_to(p_email, 'UTF8'))
$$;

comment on function email_subject(text) is 'The key under which guesses at an address are counted.';
