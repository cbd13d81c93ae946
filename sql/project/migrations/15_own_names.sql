-- Functions that nobody outside names get names of their own in each project. Postgres looks a function up by its
-- bare name, and every connection keeps all functions of that name in the database, bodies and all.

do $$
declare
  v_suffix text := '_' || left(encode(sha256(convert_to(current_schema(), 'UTF8')), 'hex'), 8);
  v_function record;
begin
  for v_function in
    select p.proname, pg_get_function_identity_arguments(p.oid) as arguments
    from pg_proc p
    where p.pronamespace = current_schema()::regnamespace and p.proname in (
      'activate_jwt_key', 'add_authorization_code', 'add_identity', 'add_jwt_key', 'admin_ban_user',
      'admin_create_user', 'admin_delete_user', 'admin_get_user', 'admin_list_sessions', 'admin_list_users',
      'admin_revoke_sessions', 'ask_for_mail', 'attach_identity', 'bcrypt_hash', 'bcrypt_salt',
      'begin_email_change', 'begin_oauth_flow', 'blocks_from', 'caller_refusal', 'change_settings',
      'check_recovery_code', 'client_bucket', 'code_for_session', 'configuration', 'counted_json',
      'create_email_user', 'create_identity_user', 'db_mac', 'decoy_salt', 'delete_anonymous_users',
      'delete_user', 'direct_sign_in_refusal', 'discard_mail', 'email_identity', 'email_subject',
      'exchange_code', 'find_user', 'forget_bounce', 'get_user', 'grant_json', 'guard_application_trigger',
      'guess_code', 'hmac_sha256', 'identity_change_refusal', 'identity_json', 'identity_user', 'invite_user',
      'is_recent', 'iso_time', 'issue_token', 'link_account', 'link_identity', 'linking_refusal',
      'list_providers', 'list_sessions', 'lock_token_holders', 'login', 'logout', 'made_up_user',
      'mail_configuration', 'mail_payload', 'mail_sign_up', 'merged_metadata', 'needs_both_addresses',
      'next_blocks', 'nonce_refusal', 'note_providers', 'note_repeated_sign_up', 'open_attempt', 'open_session',
      'own_change_refusal', 'own_password_salt', 'password_salt', 'prove_address', 'prove_email_change',
      'proves_password', 'provider_configuration', 'prune', 'prune_audit_log', 'prune_authorization_codes',
      'prune_guess_budgets', 'prune_login_attempts', 'prune_mail_budgets', 'prune_oauth_flows',
      'prune_one_time_tokens', 'prune_request_rates', 'prune_sessions', 'prune_spent_nonces', 'publish_jwt_key',
      'queue_mail', 'queue_nothing', 'read_settings', 'reauthentication_refusal', 'record_event',
      'recovered_child', 'redeem_token', 'refresh', 'refresh_secret', 'refusal_json', 'remove_mail_templates',
      'remove_provider', 'renew_database_key', 'renew_password_hash', 'replace_jwt_keys',
      'request_reauthentication', 'request_recovery', 'request_sign_in', 'resend_mail', 'reserve_guess',
      'reserve_mail', 'reset_password', 'return_guess', 'revoke_session', 'revoke_sessions', 'rotate_token',
      'same_password_refusal', 'session_end', 'session_refusal', 'set_mail_templates', 'set_provider',
      'sign_in_anonymously', 'sign_in_with_identity', 'sign_out_users', 'signup', 'spend_attempt',
      'spend_nonce', 'spend_rate', 'sql_session', 'start_token_life', 'take_oauth_flow', 'tell_user',
      'token_payload', 'unlink_identity', 'update_user', 'user_identities_json', 'user_json',
      'user_sessions_json', 'user_subject', 'verified_identity', 'verify_code', 'verify_link', 'void_tokens',
      'wait_json', 'with_custom_claims'
    )
  loop
    execute format(
      'alter function %I(%s) rename to %I', v_function.proname, v_function.arguments, v_function.proname || v_suffix
    );
  end loop;
end
$$;
