-- The identities of a user, oldest first.

create or replace function user_identities_json(p_user_id uuid) returns jsonb
language sql stable security invoker
as $$
  select coalesce(jsonb_agg(identity_json(i) order by i.created_at, i.id), '[]')
  from identities i
  where i.user_id = p_user_id
$$;
