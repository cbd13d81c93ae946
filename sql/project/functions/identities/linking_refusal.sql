-- Why the user of a session may not link an identity, or null: manual_linking_disabled,
-- identity_already_exists, or a code of caller_refusal().

create or replace function linking_refusal(p_session_id uuid, p_user users, p_identity jsonb) returns text
language sql stable security invoker
as $$
  select coalesce(
    caller_refusal(p_session_id, p_user),
    case
      when not (select manual_linking from settings) then 'manual_linking_disabled'
      when exists (
        select from identities
        where issuer = p_identity ->> 'issuer' and subject = p_identity ->> 'subject'
      ) then 'identity_already_exists'
    end
  )
$$;
