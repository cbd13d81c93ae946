-- Writes a line of the audit log; p_detail never holds an address, a token or a hash.

create or replace function record_event(
  p_event text, p_user_id uuid, p_session_id uuid, p_client inet, p_detail jsonb default '{}'
) returns void
language sql volatile security invoker
as $$
  insert into audit_log (event, user_id, session_id, ip, detail)
  values (p_event, p_user_id, p_session_id, p_client, p_detail)
$$;
