-- For administrators, as the schema's owner. Keeps a provider under a name, in place of an earlier one of
-- that name. Identities are keyed by issuer, so a name that comes to mean another provider signs nobody in
-- as somebody else. Returns whether there was one before. Every value is checked by the table's own
-- constraints, and by whoever calls: whether a provider can be reached is not known here.

create or replace function set_provider(
  p_name text, p_kind text, p_issuer text, p_client_id text, p_sealed bytea, p_scopes text[], p_options jsonb
) returns boolean
language plpgsql volatile security invoker
as $$
declare
  v_is_new boolean;
begin
  lock table providers in share row exclusive mode;
  v_is_new := not exists (select from providers where name = p_name);
  insert into providers (name, kind, issuer, client_id, sealed, scopes, options)
  values (p_name, p_kind, p_issuer, p_client_id, p_sealed, p_scopes, p_options)
  on conflict (name) do update set
    kind = excluded.kind, issuer = excluded.issuer, client_id = excluded.client_id, sealed = excluded.sealed,
    scopes = excluded.scopes, options = excluded.options;
  perform record_event('provider_changed', null, null, null, jsonb_build_object(
    'name', p_name, 'kind', p_kind, 'by', session_user
  ));
  return not v_is_new;
end
$$;
