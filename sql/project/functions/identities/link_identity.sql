-- Gives the user of a live session one more identity, at its own wish. A proved address that comes with
-- it becomes that of a user who had none, unless somebody has it. An anonymous user is one no longer, and
-- keeps its id.
-- Called by the runtime. p_code and p_refresh_hash as in sign_in_with_identity(): the client is answered
-- as after a sign-in.
-- Returns: manual_linking_disabled, identity_already_exists; user_not_found, session_not_found,
-- session_expired and user_banned about the caller.

create or replace function link_identity(
  p_session_id uuid, p_user_id uuid, p_identity jsonb, p_refresh_hash bytea, p_code jsonb, p_client inet, p_user_agent text
) returns jsonb
language plpgsql volatile security definer
set search_path from current
as $$
declare
  v_user users;
  v_refusal text;
begin
  select * into v_user from users where id = p_user_id for no key update;
  v_refusal := coalesce(
    caller_refusal(p_session_id, v_user),
    case
      when not (select manual_linking from settings) then 'manual_linking_disabled'
      when exists (
        select from identities
        where issuer = p_identity ->> 'issuer' and subject = p_identity ->> 'subject'
      ) then 'identity_already_exists'
    end
  );
  if v_refusal is not null then
    return refusal_json(v_refusal);
  end if;

  v_user := add_identity(v_user, p_identity);
  if v_user.email is null then
    update users set
      email = free.email, email_as_typed = free.email, email_confirmed_at = clock_timestamp()
    from (select p_identity ->> 'email' as email) free
    where users.id = p_user_id
      and free.email is not null
      and not exists (select from users taken where taken.email = free.email)
    returning users.* into v_user;
  end if;
  update users set is_anonymous = false where id = p_user_id returning * into v_user;
  set constraints all immediate;
  perform record_event('identity_linked', p_user_id, p_session_id, p_client, jsonb_build_object('provider', p_identity ->> 'provider'));
  if p_code is null then
    return open_session(v_user, 'oauth', p_refresh_hash, p_client, p_user_agent);
  end if;
  perform add_authorization_code(p_user_id, 'oauth', p_code);
  return jsonb_build_object('outcome', null, 'code', true);
end
$$;

comment on function link_identity(uuid, uuid, jsonb, bytea, jsonb, inet, text) is
  'Links a provider''s identity to the caller: {outcome, claims, user}, {outcome, code}, or {outcome: code}.';
