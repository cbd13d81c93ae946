-- Gives a user an identity that nobody has; the caller holds the user's row. app_metadata names the
-- first provider and all of them. Raises 40001 when somebody was given it a moment ago; MA901.

create or replace function add_identity(p_user users, p_identity jsonb) returns users
language plpgsql volatile security invoker
as $$
begin
  if p_identity ->> 'provider' is null or p_identity ->> 'issuer' is null or p_identity ->> 'subject' is null then
    raise exception 'an identity has a provider, an issuer and a subject' using errcode = 'MA901';
  end if;
  insert into identities (user_id, provider, issuer, subject, identity_data, last_sign_in_at)
  values (
    p_user.id, p_identity ->> 'provider', p_identity ->> 'issuer', p_identity ->> 'subject',
    p_identity -> 'data', clock_timestamp()
  )
  on conflict (issuer, subject) do nothing;
  if not found then
    raise exception 'the identity was made at the same time' using errcode = '40001';
  end if;
  return note_providers(p_user.id);
end
$$;
