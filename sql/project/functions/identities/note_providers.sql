-- Writes into app_metadata by which providers a user signs in, the oldest first, where the bound on its
-- size allows. The user as it is then.

create or replace function note_providers(p_user_id uuid) returns users
language plpgsql volatile security invoker
as $$
declare
  v_providers jsonb;
  v_user users;
begin
  select jsonb_agg(provider order by since) into v_providers
  from (
    select provider, min(created_at) as since from identities where user_id = p_user_id group by provider
  ) as names;
  update users set
    app_metadata = case
      when v_providers is null then app_metadata - 'provider' - 'providers'
      else app_metadata || jsonb_build_object('provider', v_providers -> 0, 'providers', v_providers)
    end,
    updated_at = clock_timestamp()
  where id = p_user_id
  returning * into v_user;
  return v_user;
end
$$;
