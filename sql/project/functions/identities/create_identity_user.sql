-- A new user whom a provider has named. Its name and picture, where they fit into its metadata, start from
-- the provider's word and are the user's own from then on. Raises 40001 when the address was taken a moment ago.

create or replace function create_identity_user(p_identity jsonb) returns users
language plpgsql volatile security invoker
as $$
declare
  v_user users;
begin
  insert into users (email, email_as_typed, email_confirmed_at, user_metadata)
  values (
    p_identity ->> 'email', p_identity ->> 'email',
    case when p_identity ->> 'email' is not null then clock_timestamp() end,
    coalesce((
      select jsonb_object_agg(d.key, d.value)
      from jsonb_each(p_identity -> 'data') d
      where d.key in ('name', 'full_name', 'avatar_url', 'preferred_username')
        and jsonb_typeof(d.value) = 'string' and octet_length(d.value::text) <= 400
    ), '{}')
  )
  on conflict (email) do nothing
  returning * into v_user;
  if not found then
    raise exception 'the address was taken at the same time' using errcode = '40001';
  end if;
  set constraints all immediate;
  return v_user;
end
$$;
