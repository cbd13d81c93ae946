-- The caller's user id as the runtime claims it. The body is parsed here and now (a RETURN body), so
-- that no search_path can put another function in the place of one it names, and it has no SET
-- clause, so that the planner inlines it. Anything but a UUID is null. The setting is read without a
-- regular expression, which would cost three times as much as the rest of it.

create or replace function uid() returns uuid
language sql stable parallel safe security invoker
return case
  when current_setting('jwt.claims.sub', true) like '________-____-____-____-____________'
    and translate(current_setting('jwt.claims.sub', true), '0123456789abcdefABCDEF', '') = '----'
    then current_setting('jwt.claims.sub', true)::uuid
  when coalesce(current_setting('jwt.claims.sub', true), '') = ''
    then substring(
      claims() ->> 'sub'
      from '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$'
    )::uuid
end;

comment on function uid() is
  'The claimed user id, or null. Use it as (select uid()) where only your own server can run SQL.';
