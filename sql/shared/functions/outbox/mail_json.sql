create or replace function mail_json(p_mail outbox) returns jsonb
language sql stable security invoker
as $$
  select jsonb_build_object(
    'id', p_mail.id::text,
    'project', p_mail.project_id,
    'purpose', p_mail.purpose,
    'recipient', p_mail.recipient,
    'state', p_mail.state,
    'attempts', p_mail.attempts,
    'failure', p_mail.failure,
    'queued_at', to_char(p_mail.queued_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
    'due_at', case when p_mail.state = 'queued'
      then to_char(p_mail.due_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') end,
    'settled_at', to_char(p_mail.settled_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
  )
$$;

comment on function mail_json(outbox) is 'A mail as an operator sees it: never what it says.';
