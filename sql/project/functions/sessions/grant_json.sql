-- Claims for an access token of the session, and its user.
--
-- What every reply that carries tokens is made of: the claims of an access token, by the database's
-- clock and with its MAC, and the user. An access token does not outlive its session, which ends at its
-- lifetime, or by its idle timeout unless it is refreshed once more.

create or replace function grant_json(p_session sessions, p_user users) returns jsonb
language plpgsql volatile security invoker
as $$
declare
  v_settings settings;
  v_iat bigint := floor(extract(epoch from clock_timestamp()));
  v_exp bigint;
  v_claims jsonb;
begin
  select * into strict v_settings from settings;
  v_exp := v_iat + v_settings.access_token_lifetime;
  if v_settings.session_idle_timeout > 0 then
    v_exp := least(v_exp, v_iat + v_settings.session_idle_timeout);
  end if;
  if v_settings.session_lifetime > 0 then
    v_exp := least(v_exp, floor(extract(epoch from p_session.created_at) + v_settings.session_lifetime));
  end if;

  v_claims := jsonb_build_object(
    'sub', p_user.id,
    'aud', 'authenticated',
    'role', p_user.role,
    'session_id', p_session.id,
    'aal', p_session.aal,
    'amr', p_session.amr,
    'email', coalesce(p_user.email, ''),
    'phone', '',
    'is_anonymous', p_user.is_anonymous,
    'app_metadata', p_user.app_metadata,
    'user_metadata', p_user.user_metadata,
    'iat', v_iat,
    'exp', v_exp,
    'db_mac', db_mac(p_user.id, p_session.id, p_user.role, p_session.aal, v_exp)
  );
  if v_settings.custom_claims <> '' then
    v_claims := with_custom_claims(v_settings.custom_claims, v_claims);
  end if;
  return jsonb_build_object(
    'outcome', null,
    'claims', v_claims,
    'user', user_json(p_user, user_identities_json(p_user.id))
  );
end
$$;
