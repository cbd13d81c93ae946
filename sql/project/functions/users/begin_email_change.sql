-- Notes the address that a user wants, and mails what proves it; of an earlier wish nothing is left. An
-- address that somebody has is noted as well, so that the answer does not tell, and its owner hears of
-- it; it can never be proved. The caller holds the user's row. p_mail holds {new, current}, each as in
-- issue_token(). Returns the user as it is then.

create or replace function begin_email_change(p_user users, p_email text, p_email_as_typed text, p_mail jsonb)
returns users
language plpgsql volatile security invoker
as $$
declare
  -- Not current_schema() itself, see discard_mail().
  v_project_id text collate "default" := current_schema();
  v_owner users;
begin
  update users set
    new_email = p_email, new_email_as_typed = p_email_as_typed, new_email_proved_by = null,
    email_change_sent_at = clock_timestamp()
  where id = p_user.id
  returning * into p_user;
  delete from one_time_tokens
  where user_id = p_user.id and purpose in ('email_change', 'email_change_current', 'reauthentication');
  delete from miosa_auth.outbox
  where project_id = v_project_id and user_id = p_user.id
    and purpose in ('email_change', 'email_change_current');

  select * into v_owner from users where email = p_email;
  if found then
    perform queue_mail('account_exists', p_email, v_owner, '');
  else
    perform issue_token(p_user, 'email_change', p_email, p_mail -> 'new');
  end if;
  if needs_both_addresses(p_user) then
    perform issue_token(p_user, 'email_change_current', p_user.email, p_mail -> 'current');
  end if;
  return p_user;
end
$$;
