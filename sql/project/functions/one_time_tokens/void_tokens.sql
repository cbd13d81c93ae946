-- Ends every token of a user, and every code that was not exchanged: one that was used, and a change of
-- password or address, end them all.

create or replace function void_tokens(p_user_id uuid) returns void
language plpgsql volatile security invoker
as $$
begin
  delete from one_time_tokens where user_id = p_user_id;
  delete from authorization_codes where user_id = p_user_id and session_id is null;
  perform discard_mail(p_user_id, false);
end
$$;
