create or replace function subject() returns text
language sql stable parallel safe security invoker
return coalesce(nullif(current_setting('jwt.claims.sub', true), ''), nullif(claims() ->> 'sub', ''));

comment on function subject() is
  'The claimed subject as text, or null: for tokens of other issuers, whose sub is no UUID.';
