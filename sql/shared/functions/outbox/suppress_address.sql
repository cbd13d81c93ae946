-- For administrators: a project sends no more mail to an address, 30 days for a bounce and else until it is
-- lifted. The newest word counts. Null where there is no such project.

create or replace function suppress_address(p_project_id text, p_address text, p_reason text) returns jsonb
language sql volatile security invoker
as $$
  insert into suppressed_addresses as s (project_id, owner_role, address, reason, expires_at)
  select p.id, p.owner_role, p_address, p_reason,
    case when p_reason = 'bounce' then now() + interval '30 days' end
  from projects p where p.id = p_project_id
  on conflict (project_id, owner_role, address) do update set
    reason = excluded.reason, suppressed_at = excluded.suppressed_at, expires_at = excluded.expires_at
  returning suppression_json(s)
$$;

comment on function suppress_address(text, text, text) is
  'Sends no more mail of a project to an address: the entry, or null without the project. For administrators.';
