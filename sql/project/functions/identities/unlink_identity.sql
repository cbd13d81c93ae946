-- Takes an identity away from the caller, never the last by which it can sign in: an address without a
-- proof or a password counts for none, nor does an identity whose provider the project has no more. Every
-- other session ends, since it may be one that the identity opened.
-- Called by the runtime.
-- Returns: manual_linking_disabled, reauthentication_needed, identity_not_found, single_identity_not_deletable; user_not_found,
-- session_not_found, session_expired and user_banned about the caller.

create or replace function unlink_identity(p_session_id uuid, p_user_id uuid, p_identity_id uuid, p_client inet)
returns jsonb
language plpgsql volatile security definer
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
declare
  v_user users;
  v_identity identities;
  v_refusal text;
begin
  select * into v_user from users where id = p_user_id for no key update;
  select * into v_identity from identities where id = p_identity_id and user_id = p_user_id;
  v_refusal := coalesce(
    identity_change_refusal(p_session_id, v_user, v_identity.provider = 'email'),
    case
      when v_identity.id is null then 'identity_not_found'
      when not exists (
        select from identities i
        where i.user_id = p_user_id and i.id <> p_identity_id
          and case i.provider
            when 'email' then v_user.email_confirmed_at is not null
            else exists (select from providers p where p.name = i.provider)
          end
      ) then 'single_identity_not_deletable'
    end
  );
  if v_refusal is not null then
    return refusal_json(v_refusal);
  end if;

  delete from identities where id = p_identity_id;
  if v_identity.provider = 'email' then
    update users set password_hash = null where id = p_user_id;
  end if;
  perform revoke_sessions(p_user_id, 'others', p_session_id, 'identity_unlinked');
  perform note_providers(p_user_id);
  perform tell_user(v_user, 'identity_unlinked');
  set constraints all immediate;
  perform record_event('identity_unlinked', p_user_id, p_session_id, p_client, jsonb_build_object('provider', v_identity.provider));
  return jsonb_build_object('outcome', null);
end
$$;

comment on function unlink_identity(uuid, uuid, uuid, inet) is 'Takes an identity from the caller: {outcome}, null or a code.';
