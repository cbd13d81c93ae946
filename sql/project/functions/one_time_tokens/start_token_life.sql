-- A mail is about to leave: its token lives from now on, so that hours in the queue do not make it
-- useless, and the user is noted to have been written to. False when the token was used, replaced or is
-- more than a day old: then there is nothing to send.
-- Called by the runtime. Locks: the user, the token.

create or replace function start_token_life(p_token_hash bytea) returns boolean
language plpgsql volatile security definer
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
declare
  v_token one_time_tokens;
begin
  perform from one_time_tokens t join users u on u.id = t.user_id
  where t.token_hash = p_token_hash
  for no key update of u;
  update one_time_tokens t set
    expires_at = clock_timestamp() + s.link_lifetime * interval '1 second',
    code_expires_at = clock_timestamp() + s.code_lifetime * interval '1 second'
  from settings s
  where t.token_hash = p_token_hash and t.created_at > clock_timestamp() - interval '1 day'
  returning t.* into v_token;
  if not found then
    return false;
  end if;
  -- Not where the mail is asked for: only who has an address has a row to write. Not of a change of
  -- address: whoever asked for it would see that nothing is sent to an address that somebody has.
  update users set
    recovery_sent_at = case v_token.purpose when 'recovery' then clock_timestamp() else recovery_sent_at end,
    confirmation_sent_at = case v_token.purpose when 'signup' then clock_timestamp() else confirmation_sent_at end
  where id = v_token.user_id;
  return true;
end
$$;

comment on function start_token_life(bytea) is
  'Counts the life of a mailed token from now: whether it is still worth sending.';
