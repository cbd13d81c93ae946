-- A mail is about to leave: its token lives from now on, so that hours in the queue do not make it
-- useless. False when it was used, replaced or is more than a day old: then there is nothing to send.
-- Called by the runtime.

create or replace function start_token_life(p_token_hash bytea) returns boolean
language plpgsql volatile security definer
set search_path from current
as $$
begin
  update one_time_tokens t set
    expires_at = clock_timestamp() + s.link_lifetime * interval '1 second',
    code_expires_at = clock_timestamp() + s.code_lifetime * interval '1 second'
  from settings s
  where t.token_hash = p_token_hash and t.created_at > clock_timestamp() - interval '1 day';
  return found;
end
$$;

comment on function start_token_life(bytea) is
  'Counts the life of a mailed token from now: whether it is still worth sending.';
