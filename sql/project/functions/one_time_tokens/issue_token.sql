-- Replaces a user's token of this purpose by the one in p_mail, and queues the mail that carries it.
-- p_mail is what the HTTP layer prepared: token_hash, code_mac and payload in hex, code_challenge.

create or replace function issue_token(p_user users, p_purpose text, p_email text, p_mail jsonb) returns void
language plpgsql volatile security invoker
as $$
begin
  perform queue_mail(p_purpose, p_email, p_user, mail_payload(p_mail));
  delete from one_time_tokens where user_id = p_user.id and purpose = p_purpose;
  insert into one_time_tokens (
    user_id, purpose, email, token_hash, code_mac, code_challenge, expires_at, code_expires_at
  )
  select
    p_user.id, p_purpose, p_email,
    decode(p_mail ->> 'token_hash', 'hex'), decode(p_mail ->> 'code_mac', 'hex'), p_mail ->> 'code_challenge',
    clock_timestamp() + s.link_lifetime * interval '1 second',
    clock_timestamp() + s.code_lifetime * interval '1 second'
  from settings s;
end
$$;
