-- The user that an identity signs in, locked; made when there is none. p_identity is what a provider has
-- proved: {provider, issuer, subject, email, data}, where email is canonical and only there if the
-- provider has verified it and is believed. Such an address finds its user, and proves it: what somebody
-- put there who never did goes, and mail to it may leave again, if it bounced. An address that is not proved
-- finds nobody and is nobody's.
-- Raises 40001 when another call has just made the identity or taken it away; the caller is called again.
-- Returns the user, or null and a code: signup_disabled; email_exists where linking is the user's to ask.

create or replace function identity_user(p_identity jsonb, p_client inet, out account users, out refusal text)
language plpgsql volatile security invoker
as $$
declare
  v_settings settings;
  v_email text := p_identity ->> 'email';
begin
  select u.* into account
  from identities i join users u on u.id = i.user_id
  where i.issuer = p_identity ->> 'issuer' and i.subject = p_identity ->> 'subject'
  for no key update of u;
  if found then
    perform forget_bounce(v_email);
    update identities set
      identity_data = p_identity -> 'data', last_sign_in_at = clock_timestamp(), updated_at = clock_timestamp()
    where issuer = p_identity ->> 'issuer' and subject = p_identity ->> 'subject' and user_id = account.id;
    if not found then
      -- Taken from the user while this waited for its row.
      raise exception 'the identity was taken away at the same time' using errcode = '40001';
    end if;
    return;
  end if;

  select * into strict v_settings from settings;
  select u.* into account from users u where u.email = v_email for no key update;
  perform forget_bounce(v_email);
  if account.id is not null then
    if v_settings.identity_linking = 'manual' then
      account := null;
      refusal := 'email_exists';
      return;
    end if;
    account := prove_address(account, 'oauth');
    perform tell_user(account, 'identity_linked');
  elsif v_settings.signup_enabled then
    account := create_identity_user(p_identity);
    perform record_event('signed_up', account.id, null, p_client, jsonb_build_object('provider', p_identity ->> 'provider'));
  else
    refusal := 'signup_disabled';
    return;
  end if;
  account := add_identity(account, p_identity);
  perform record_event('identity_linked', account.id, null, p_client, jsonb_build_object('provider', p_identity ->> 'provider'));
end
$$;
