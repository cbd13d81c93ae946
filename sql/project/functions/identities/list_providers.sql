-- For administrators, as the schema's owner. Every provider, the oldest first, as provider_configuration()
-- has it.

create or replace function list_providers() returns jsonb
language sql stable security invoker
as $$
  select coalesce(jsonb_agg(provider_configuration(p.name) order by p.created_at, p.name), '[]') from providers p
$$;
