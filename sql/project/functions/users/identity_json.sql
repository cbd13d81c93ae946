-- An identity as clients see it.

create or replace function identity_json(p_identity identities) returns jsonb
language sql stable security invoker
as $$
  select jsonb_build_object(
    'identity_id', p_identity.id,
    'id', p_identity.subject,
    'user_id', p_identity.user_id,
    'identity_data', p_identity.identity_data,
    'provider', p_identity.provider,
    'last_sign_in_at', iso_time(p_identity.last_sign_in_at),
    'created_at', iso_time(p_identity.created_at),
    'updated_at', iso_time(p_identity.updated_at)
  ) || jsonb_strip_nulls(jsonb_build_object('email', p_identity.identity_data ->> 'email'))
$$;
