-- The identity of a user who signs in by address; not stored by this function.

create or replace function email_identity(p_user users) returns identities
language plpgsql volatile security invoker
as $$
declare
  v_identity identities;
begin
  v_identity.id := gen_random_uuid();
  v_identity.user_id := p_user.id;
  v_identity.provider := 'email';
  v_identity.issuer := 'email';
  v_identity.subject := p_user.id::text;
  v_identity.identity_data := jsonb_build_object(
    'sub', p_user.id,
    'email', p_user.email,
    'email_verified', p_user.email_confirmed_at is not null,
    'phone_verified', false
  );
  v_identity.last_sign_in_at := p_user.created_at;
  v_identity.created_at := p_user.created_at;
  v_identity.updated_at := p_user.created_at;
  return v_identity;
end
$$;
