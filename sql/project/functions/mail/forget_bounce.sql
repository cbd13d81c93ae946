-- An address was proved, by a mail that came after all or without one: that mail to it was refused once says
-- nothing any more. After its user is locked, everywhere, and before any mail is discarded, since bounce_mail()
-- takes the two in that order, too. The project is a variable of the index's own collation, see discard_mail().

create or replace function forget_bounce(p_email text) returns void
language plpgsql volatile security invoker
as $$
declare
  v_project_id text collate "default" := current_schema();
begin
  delete from miosa_auth.suppressed_addresses
  where project_id = v_project_id and address = p_email and reason = 'bounce';
end
$$;
