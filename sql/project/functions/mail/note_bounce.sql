-- A mail to an address bounced for good, and the address is about to be suppressed: a line of the audit log, which
-- names no address but the user who has it, as where an operator suppresses one.
-- Called by the runtime, before bounce_mail(): a server that dies between the two tries the mail again, so there may
-- be a line too many, and never one too few.

create or replace function note_bounce(p_email text) returns jsonb
language plpgsql volatile security definer
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
begin
  perform record_event(
    'mail_suppressed', (select u.id from users u where u.email = p_email), null, null,
    jsonb_build_object('reason', 'bounce', 'by', session_user)
  );
  return jsonb_build_object('outcome', null);
end
$$;

comment on function note_bounce(text) is
  'Writes down that mail to an address bounced for good, and to whom the address belongs: {outcome}, null.';
