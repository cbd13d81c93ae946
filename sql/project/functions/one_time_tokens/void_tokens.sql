-- Ends every token of a user, every code that was not exchanged, and with its tokens a change of address that
-- waits: one that was used, and a change of password or address, end them all. The caller holds the user's row,
-- and reads it anew.

create or replace function void_tokens(p_user_id uuid) returns void
language plpgsql volatile security invoker
as $$
begin
  delete from one_time_tokens where user_id = p_user_id;
  delete from authorization_codes where user_id = p_user_id and session_id is null;
  perform discard_mail(p_user_id, false);
  update users set
    new_email = null, new_email_as_typed = null, new_email_proved_by = null, email_change_sent_at = null
  where id = p_user_id and new_email is not null;
end
$$;
