-- The user has shown that the address is its own. The first such proof, when it is not that of the
-- sign-up itself, takes from the user what somebody else may have put there before: the password,
-- sessions and other identities of whoever registered an address that was never theirs. The caller
-- holds the user's row. Returns the user as it is then.

create or replace function prove_address(p_user users, p_purpose text) returns users
language plpgsql volatile security invoker
as $$
declare
  v_metadata jsonb := p_user.user_metadata || '{"email_verified": true}';
begin
  if p_user.email_confirmed_at is not null then
    return p_user;
  end if;

  if p_purpose in ('magiclink', 'recovery', 'invite', 'oauth') then
    p_user.password_hash := null;
    delete from identities where user_id = p_user.id and provider <> 'email';
    perform revoke_sessions(p_user.id, 'global', null, 'address_proved_by_another');
  end if;
  update users set
    email_confirmed_at = clock_timestamp(),
    password_hash = p_user.password_hash,
    -- The size of metadata is bounded, and a proof must not fail for it.
    user_metadata = case when octet_length(v_metadata::text) <= 2048 then v_metadata else user_metadata end,
    updated_at = clock_timestamp()
  where id = p_user.id
  returning * into p_user;
  update identities set
    identity_data = identity_data || '{"email_verified": true}', updated_at = clock_timestamp()
  where user_id = p_user.id and provider = 'email';
  set constraints all immediate;
  return p_user;
end
$$;
