-- The flow that a browser comes back with, once: of parallel calls one gets it. Another browser's is
-- left where it is.
-- Called by the runtime.
-- Returns: bad_oauth_state for unknown, used, stale and another browser's alike.

create or replace function take_oauth_flow(p_state_hash bytea, p_browser_hash bytea) returns jsonb
language plpgsql volatile security definer
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
declare
  v_flow oauth_flows;
begin
  delete from oauth_flows
  where state_hash = p_state_hash and browser_hash = p_browser_hash and expires_at > clock_timestamp()
  returning * into v_flow;
  if not found then
    return jsonb_build_object('outcome', 'bad_oauth_state');
  end if;
  return jsonb_build_object(
    'outcome', null,
    'provider', v_flow.provider,
    'redirect_to', v_flow.redirect_to,
    'code_challenge', v_flow.code_challenge,
    'sealed', encode(v_flow.sealed, 'hex'),
    'session_id', v_flow.session_id,
    'user_id', v_flow.user_id
  );
end
$$;

comment on function take_oauth_flow(bytea, bytea) is
  'Consumes the state of a flow: {outcome, provider, redirect_to, code_challenge, sealed, session_id, user_id}, or {outcome: bad_oauth_state}.';
