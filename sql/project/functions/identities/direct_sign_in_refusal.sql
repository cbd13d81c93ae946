-- Null, or {outcome, retry_after} with over_request_rate_limit. An app that brings an ID token itself began no
-- flow, where a sign-in through a browser is counted.

create or replace function direct_sign_in_refusal(p_identity jsonb, p_client inet) returns jsonb
language sql volatile security invoker
as $$
  select case when p_identity ->> 'is_direct' = 'true' then
    wait_json('over_request_rate_limit', spend_rate('login', p_client, s.logins_per_address)) end
  from settings s
$$;
