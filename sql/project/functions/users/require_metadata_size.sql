-- Raises for user metadata over its size what the table's constraint raises. For those who must refuse it
-- before the row tells more: whether there is a user, or whether a password is right.

create or replace function require_metadata_size(p_metadata jsonb) returns void
language plpgsql volatile security invoker
as $$
begin
  if octet_length(p_metadata::text) > 2048 then
    raise exception 'user metadata is too large'
      using errcode = 'check_violation', constraint = 'users_user_metadata_size';
  end if;
end
$$;
