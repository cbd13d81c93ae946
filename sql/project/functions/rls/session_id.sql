create or replace function session_id() returns uuid
language sql stable parallel safe security invoker
return substring(
  coalesce(nullif(current_setting('jwt.claims.session_id', true), ''), claims() ->> 'session_id')
  from '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$'
)::uuid;

comment on function session_id() is
  'The claimed session id, or null.';
