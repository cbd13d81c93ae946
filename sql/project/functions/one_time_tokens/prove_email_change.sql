-- One side of a pending change of address has proved itself. With both, or where one is enough, the
-- address changes. The caller holds the user's row and has consumed the token.
-- Returns: email_exists when somebody else has the address by now, which ends the change; done tells whether
-- it changed.

create or replace function prove_email_change(p_user users, p_purpose text, p_client inet) returns jsonb
language plpgsql volatile security invoker
as $$
declare
  v_side text := case p_purpose when 'email_change' then 'new' else 'current' end;
  v_before users := p_user;
  v_is_half boolean := false;
begin
  if p_user.new_email_proved_by is null or p_user.new_email_proved_by = v_side then
    -- Never without the new one, even if by now it alone is asked.
    v_is_half := v_side = 'current' or needs_both_addresses(p_user);
  end if;
  if v_is_half then
    update users set new_email_proved_by = v_side where id = p_user.id;
    return jsonb_build_object('outcome', null, 'done', false);
  end if;

  begin
    update users set
      email = new_email, email_as_typed = new_email_as_typed, email_confirmed_at = clock_timestamp(),
      new_email = null, new_email_as_typed = null, new_email_proved_by = null, email_change_sent_at = null,
      signed_up_again_at = null, is_anonymous = false, updated_at = clock_timestamp()
    where id = p_user.id
    returning * into p_user;
  exception when unique_violation then
    perform void_tokens(p_user.id);
    return jsonb_build_object('outcome', 'email_exists');
  end;
  insert into identities select i.* from email_identity(p_user) i
  on conflict (issuer, subject) do update set
    identity_data = identities.identity_data
      || jsonb_build_object('email', p_user.email, 'email_verified', true),
    updated_at = clock_timestamp();
  p_user := note_providers(p_user.id);
  set constraints all immediate;
  delete from guess_budgets where subject = email_subject(v_before.email) and purpose <> 'code';
  perform void_tokens(p_user.id);
  if v_before.email_confirmed_at is not null then
    -- The old address hears of it, and of the new one.
    v_before.new_email := p_user.email;
    perform queue_mail('email_changed', v_before.email, v_before, '');
  end if;
  perform record_event('email_changed', p_user.id, null, p_client);
  return jsonb_build_object('outcome', null, 'done', true);
end
$$;
