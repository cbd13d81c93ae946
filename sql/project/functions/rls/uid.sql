-- The caller's user id as the runtime claims it. The body is parsed here and now (a RETURN body), so
-- that no search_path can put another function in the place of one it names, and it has no SET
-- clause, so that the planner inlines it. Anything but a UUID is null.

create or replace function uid() returns uuid
language sql stable parallel safe security invoker
return substring(
  coalesce(nullif(current_setting('jwt.claims.sub', true), ''), claims() ->> 'sub')
  from '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$'
)::uuid;

comment on function uid() is
  'The claimed user id, or null. Use it as (select uid()) where only your own server can run SQL.';
