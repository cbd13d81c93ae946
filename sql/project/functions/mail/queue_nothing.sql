-- Does what issue_token() does, for an address that nobody has or to which nothing is due: the answer must
-- not come sooner. What it writes is never sent: a second row stands for that of the token.

create or replace function queue_nothing(p_mail jsonb) returns void
language plpgsql volatile security invoker
as $$
declare
  v_nobody users;
begin
  v_nobody.id := gen_random_uuid();
  v_nobody.user_metadata := '{}';
  perform queue_mail('none', '', v_nobody, mail_payload(p_mail));
  delete from one_time_tokens where user_id = v_nobody.id and purpose = 'none';
  insert into miosa_auth.outbox (project_id, purpose, recipient, payload, data)
  select
    current_schema(), 'none', '',
    decode(p_mail ->> 'token_hash', 'hex') || decode(p_mail ->> 'code_mac', 'hex'), '{}'
  from settings s;
end
$$;
