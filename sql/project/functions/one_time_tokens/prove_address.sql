-- The user has shown that the address is its own. The first such proof, when it is not that of the one
-- sign-up there was, takes from the user what somebody else may have put there before: the password,
-- sessions, tokens and codes, other identities and the wish for another address of whoever registered an
-- address that was never theirs. The caller holds the user's row. Returns the user as it is then.

create or replace function prove_address(p_user users, p_purpose text) returns users
language plpgsql volatile security invoker
as $$
declare
  v_metadata jsonb := p_user.user_metadata || '{"email_verified": true}';
begin
  if p_user.email_confirmed_at is not null then
    return p_user;
  end if;

  if p_purpose in ('magiclink', 'recovery', 'invite', 'oauth') or p_user.signed_up_again_at is not null then
    p_user.password_hash := null;
    p_user.new_email := null;
    p_user.new_email_as_typed := null;
    p_user.new_email_proved_by := null;
    p_user.email_change_sent_at := null;
    delete from identities where user_id = p_user.id and provider <> 'email';
    perform revoke_sessions(p_user.id, 'global', null, 'address_proved_by_another');
    perform void_tokens(p_user.id);
  end if;
  update users set
    email_confirmed_at = clock_timestamp(),
    password_hash = p_user.password_hash,
    signed_up_again_at = null,
    new_email = p_user.new_email,
    new_email_as_typed = p_user.new_email_as_typed,
    new_email_proved_by = p_user.new_email_proved_by,
    email_change_sent_at = p_user.email_change_sent_at,
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
