-- Consumes a reserved guess; false when there is none for this subject.

create or replace function spend_attempt(p_attempt uuid, p_subject bytea) returns boolean
language sql volatile security invoker
as $$
  with spent as (
    delete from login_attempts
    where id = p_attempt and subject = p_subject and expires_at > clock_timestamp()
    returning id
  )
  select exists (select from spent)
$$;
