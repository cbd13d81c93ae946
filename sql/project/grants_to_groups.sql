-- The full allow-list. The runtime is the server; application roles get their helpers one by one
-- from `project grant`. Skipped where the administrator cannot make roles: then there are no groups.

do $$
begin
  execute format('grant usage on schema %I to miosa_auth_runtime', current_schema());
end
$$;

grant execute on function
  configuration(),
  mail_configuration(),
  start_token_life(bytea),
  note_bounce(text),
  signup(text, text, text, jsonb, bytea, jsonb, inet, text),
  password_salt(text, inet),
  return_attempt(uuid),
  login(uuid, text, bytea, bytea, inet, text),
  renew_password_hash(uuid, bytea, text),
  refresh(bytea, bytea, bytea, inet, text),
  request_recovery(text, jsonb, inet),
  request_sign_in(text, text, jsonb, boolean, jsonb, inet),
  resend_mail(text, text, jsonb, inet),
  request_reauthentication(uuid, uuid, jsonb, inet),
  invite_user(text, text, jsonb, jsonb, inet),
  verify_link(jsonb, bytea, bytea, bytea, inet, text),
  verify_code(text, jsonb, bytea, inet, text),
  link_account(jsonb, bytea),
  check_recovery_code(text, jsonb, inet),
  reset_password(bytea, uuid, text, jsonb, text, bytea, inet, text),
  exchange_code(bytea, text, bytea, inet, text),
  code_for_session(bytea, bytea, text, inet),
  provider_configuration(text),
  begin_oauth_flow(bytea, bytea, text, text, text, bytea, uuid, uuid, inet),
  take_oauth_flow(bytea, bytea),
  sign_in_with_identity(jsonb, bytea, jsonb, inet, text),
  link_identity(uuid, uuid, jsonb, bytea, jsonb, inet, text),
  unlink_identity(uuid, uuid, uuid, inet),
  sign_in_anonymously(jsonb, bytea, inet, text),
  logout(uuid, bytea, text, inet),
  get_user(uuid, uuid),
  own_password_salt(uuid, uuid, boolean, inet),
  update_user(uuid, uuid, text, text, jsonb, text, uuid, bytea, bytea, jsonb, jsonb, inet),
  delete_user(uuid, uuid, uuid, bytea, inet),
  list_sessions(uuid, uuid),
  revoke_session(uuid, uuid, uuid, inet),
  prune(integer, jsonb)
to miosa_auth_runtime;
