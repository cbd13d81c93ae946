create or replace function suppression_json(p_entry suppressed_addresses) returns jsonb
language sql stable security invoker
as $$
  select jsonb_build_object(
    'address', p_entry.address,
    'reason', p_entry.reason,
    'suppressed_at', to_char(p_entry.suppressed_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
    'expires_at', to_char(p_entry.expires_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
  )
$$;

comment on function suppression_json(suppressed_addresses) is 'A suppressed address as an operator sees it.';
