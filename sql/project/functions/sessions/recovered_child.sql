-- The child of a used token again, wrapped; null after revoking the session for reuse.
--
-- The wrapped child of a used token, or null when giving it would serve a thief; then the session is
-- revoked. A thief and a victim one step apart could ask for each other's child for ever: so what
-- comes later than 10 s is audited, and the third such in a row, of different tokens, ends it too.

create or replace function recovered_child(p_session sessions, p_token refresh_tokens, p_client inet)
returns bytea
language plpgsql volatile security invoker
as $$
declare
  v_child refresh_tokens;
  v_is_late boolean := not is_recent(p_token.used_at, clock_timestamp());
begin
  select * into strict v_child from refresh_tokens where parent_id = p_token.id;

  if v_is_late and p_session.recovered_token_id is distinct from p_token.id then
    p_session.late_recoveries := p_session.late_recoveries + 1;
    if v_child.used_at is null then
      update sessions set late_recoveries = p_session.late_recoveries, recovered_token_id = p_token.id
      where id = p_session.id;
      perform record_event('refresh_token_recovered_late', p_session.user_id, p_session.id, p_client);
    end if;
  end if;

  if v_child.wrapped is null or v_is_late and (v_child.used_at is not null or p_session.late_recoveries >= 3) then
    perform revoke_sessions(p_session.user_id, 'local', p_session.id, 'refresh_token_reuse');
    perform record_event('refresh_token_reused', p_session.user_id, p_session.id, p_client);
    return null;
  end if;
  return v_child.wrapped;
end
$$;
