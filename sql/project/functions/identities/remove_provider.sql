-- For administrators, as the schema's owner. Forgets a provider; identities of its issuer stay, and sign in
-- again when it comes back. Returns whether there was one.

create or replace function remove_provider(p_name text) returns boolean
language plpgsql volatile security invoker
as $$
begin
  delete from providers where name = p_name;
  if not found then
    return false;
  end if;
  perform record_event('provider_removed', null, null, null, jsonb_build_object('name', p_name, 'by', session_user));
  return true;
end
$$;
