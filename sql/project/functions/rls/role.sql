create or replace function role() returns text
language sql stable parallel safe security invoker
return coalesce(nullif(current_setting('jwt.claims.role', true), ''), nullif(claims() ->> 'role', ''));

comment on function role() is
  'The claim role, or null. Whoever can run SQL can set it.';
