create or replace function email() returns text
language sql stable parallel safe security invoker
return coalesce(nullif(current_setting('jwt.claims.email', true), ''), nullif(claims() ->> 'email', ''));

comment on function email() is
  'The claim email, or null. Whoever can run SQL can set it.';
