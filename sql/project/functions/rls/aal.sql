create or replace function aal() returns text
language sql stable parallel safe security invoker
return coalesce(nullif(current_setting('jwt.claims.aal', true), ''), nullif(claims() ->> 'aal', ''));

comment on function aal() is
  'The claim aal, or null. Whoever can run SQL can set it.';
