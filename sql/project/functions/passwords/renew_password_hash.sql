-- Brings a password to the current cost after a sign-in that proved it. Does nothing when the
-- password has been changed since.
-- Called by the runtime.

create or replace function renew_password_hash(p_user_id uuid, p_proof bytea, p_password_hash text) returns jsonb
language plpgsql volatile security definer
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
begin
  update users u set password_hash = p_password_hash
  where u.id = p_user_id and proves_password(u, p_proof);
  return jsonb_build_object('outcome', null, 'renewed', found);
end
$$;

comment on function renew_password_hash(uuid, bytea, text) is
  'Replaces the hash that p_proof proves by one of the same password: {outcome, renewed}.';
