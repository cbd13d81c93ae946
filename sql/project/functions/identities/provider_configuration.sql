-- How one provider is reached. Called by the runtime. The client secret is sealed under MIOSA_AUTH_KEY
-- and useless without it.

create or replace function provider_configuration(p_name text) returns jsonb
language sql stable security definer
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
  select jsonb_build_object(
    'name', p.name,
    'kind', p.kind,
    'issuer', p.issuer,
    'client_id', p.client_id,
    'sealed', encode(p.sealed, 'hex'),
    'scopes', p.scopes,
    'options', p.options
  )
  from providers p
  where p.name = p_name
$$;

comment on function provider_configuration(text) is
  'One provider: {name, kind, issuer, client_id, sealed, scopes, options}, or null.';
