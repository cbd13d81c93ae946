-- Queues a mail in the transaction that owes it; an older one of the same purpose that still waits is
-- taken back, since its token is no longer the newest. p_payload is sealed, and empty in mails that
-- only tell.

create or replace function queue_mail(p_purpose text, p_recipient text, p_user users, p_payload bytea)
returns void
language plpgsql volatile security invoker
as $$
declare
  -- Not current_schema() itself, see discard_mail().
  v_project_id text collate "default" := current_schema();
begin
  delete from miosa_auth.outbox
  where project_id = v_project_id and user_id = p_user.id and purpose = p_purpose;
  insert into miosa_auth.outbox (project_id, purpose, recipient, payload, user_id, data)
  values (
    v_project_id, p_purpose, p_recipient, p_payload, p_user.id,
    jsonb_strip_nulls(jsonb_build_object(
      'user_metadata', p_user.user_metadata, 'email', p_user.email, 'new_email', p_user.new_email
    ))
  );
end
$$;
