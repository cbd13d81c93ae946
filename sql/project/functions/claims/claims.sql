-- The claims of the caller as one object, as PostgREST (request.jwt.claims) or the app's runtime
-- (jwt.claims) sets them. Anything but a JSON object gives null, never an error: a policy must not
-- fail a query. Postgres 15 has no test for JSON that does not raise, and a handler of exceptions
-- cannot run in a parallel worker; hence the check by reduction: strings become #, numbers and
-- literals ~, then each innermost container becomes ~, until only that is left of valid JSON. More
-- than 100 levels or 65,536 characters count as malformed: they are no claims of a token, and
-- Postgres's own parser would run out of stack.

create or replace function claims() returns jsonb
language plpgsql stable parallel safe security invoker
set search_path from current
as $$
declare
  c_escape constant text :=
    '\\(?:["\\/bfnrt]|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u(?!0000|[dD][89a-fA-F])[0-9a-fA-F]{4})';
  c_string constant text := '"(?:[^"\\\x01-\x1f]|' || c_escape || ')*"';
  c_scalar constant text :=
    '-?(?:0|[1-9][0-9]{0,254})(?:\.[0-9]{1,255})?(?:[eE][+-]?[0-9]{1,3})?(?![0-9.eE+-])|true|false|null';
  c_container constant text := '\[(?:[#~](?:,[#~])*)?\]|\{(?:#:[#~](?:,#:[#~])*)?\}';
  v_text text := coalesce(
    nullif(current_setting('jwt.claims', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')
  );
  v_shape text;
  v_reduced text;
begin
  if v_text is null or length(v_text) > 65536 or left(ltrim(v_text, E' \t\r\n'), 1) <> '{' then
    return null;
  end if;

  if regexp_replace(v_text, c_string, '', 'g') ~ '[#~]' then
    return null;
  end if;
  v_shape := regexp_replace(v_text, c_string, '#', 'g');
  v_shape := regexp_replace(v_shape, c_scalar, '~', 'g');
  v_shape := regexp_replace(v_shape, '[ \t\r\n]*([][{}:,])[ \t\r\n]*', '\1', 'g');
  for v_level in 1..100 loop
    v_reduced := regexp_replace(v_shape, c_container, '~', 'g');
    exit when v_reduced = v_shape;
    v_shape := v_reduced;
  end loop;

  if v_shape <> '~' then
    return null;
  end if;
  return v_text::jsonb;
end
$$;

comment on function claims() is
  'The caller''s claims as an object, or null. Whoever can run SQL can set them: see verified_uid().';
