-- Every setting of the project. For administrators.

create or replace function read_settings() returns jsonb
language sql stable security invoker
as $$
  select to_jsonb(s) - 'singleton' from settings s
$$;
