-- A new user with an address and its identity; all null when somebody has the address. The unique
-- constraint decides between parallel calls.

create or replace function create_email_user(
  p_email text, p_email_as_typed text, p_password_hash text, p_user_metadata jsonb
) returns users
language plpgsql volatile security invoker
as $$
declare
  v_user users;
begin
  insert into users (email, email_as_typed, password_hash, user_metadata, app_metadata)
  values (
    p_email, p_email_as_typed, p_password_hash,
    merged_metadata('{}', p_user_metadata), '{"provider": "email", "providers": ["email"]}'
  )
  on conflict (email) do nothing
  returning * into v_user;
  if found then
    insert into identities select i.* from email_identity(v_user) i;
    -- What an application's triggers deferred runs now, and not at commit with the caller's rights.
    set constraints all immediate;
  end if;
  return v_user;
end
$$;
