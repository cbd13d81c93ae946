-- Forgets what is over and has no effect any more, at most p_limit rows of each kind and never more than 1,000:
-- {deleted: {kind: rows}, next}. next is where to go on, to be given as p_from, and null at the end; null begins.
-- Called by the runtime again and again; whoever calls chooses how fast, never what: all of that is decided here.
-- Waits for nobody. Sessions come last, so that what a refresh may wait for is locked for the shortest time.

create or replace function prune(p_limit integer, p_from jsonb) returns jsonb
language plpgsql volatile security definer
set search_path from current
as $$
declare
  v_limit constant integer := least(greatest(p_limit, 1), 1000);
  v_kind text;
  v_from bigint;
  v_step jsonb;
  v_deleted jsonb := '{}';
  v_next jsonb := '{}';
begin
  foreach v_kind in array array[
    'audit_log', 'oauth_flows', 'spent_nonces', 'authorization_codes', 'one_time_tokens', 'login_attempts',
    'mail_budgets', 'guess_budgets', 'request_rates', 'sessions'
  ] loop
    continue when p_from is not null and not p_from ? v_kind;
    v_from := coalesce((p_from ->> v_kind)::bigint, 0);
    v_step := case v_kind
      when 'audit_log' then prune_audit_log(v_limit, v_from)
      when 'oauth_flows' then counted_json(prune_oauth_flows(v_limit), v_limit)
      when 'spent_nonces' then counted_json(prune_spent_nonces(v_limit), v_limit)
      when 'authorization_codes' then counted_json(prune_authorization_codes(v_limit), v_limit)
      when 'one_time_tokens' then prune_one_time_tokens(v_limit, v_from)
      when 'login_attempts' then counted_json(prune_login_attempts(v_limit), v_limit)
      when 'mail_budgets' then counted_json(prune_mail_budgets(v_limit, null), v_limit)
      when 'guess_budgets' then prune_guess_budgets(v_limit, v_from)
      when 'request_rates' then prune_request_rates(v_limit, v_from)
      when 'sessions' then prune_sessions(v_limit, v_from)
    end;
    if (v_step ->> 'deleted')::integer > 0 then
      v_deleted := v_deleted || jsonb_build_object(v_kind, v_step -> 'deleted');
    end if;
    if v_step ->> 'next' is not null then
      v_next := v_next || jsonb_build_object(v_kind, v_step -> 'next');
    end if;
  end loop;
  return jsonb_build_object('deleted', v_deleted, 'next', nullif(v_next, '{}'));
end
$$;

comment on function prune(integer, jsonb) is
  'Forgets some of what is over: {deleted: {kind: rows}, next}. Called again with next until it is null.';
