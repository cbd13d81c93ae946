-- Why the user of a session may not link an identity, or null: identity_already_exists, or a code of
-- identity_change_refusal().

create or replace function linking_refusal(p_session_id uuid, p_user users, p_identity jsonb) returns text
language sql volatile security invoker
as $$
  select coalesce(
    identity_change_refusal(p_session_id, p_user, false),
    case
      when exists (
        select from identities
        where issuer = p_identity ->> 'issuer' and subject = p_identity ->> 'subject'
      ) then 'identity_already_exists'
    end
  )
$$;
