-- A user by id or by canonical address; all null when there is none. An address has an @ and an id has
-- none, so neither can be taken for the other.

create or replace function find_user(p_who text) returns users
language plpgsql stable security invoker
as $$
declare
  v_user users;
begin
  if p_who ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' then
    select * into v_user from users where id = p_who::uuid;
  else
    select * into v_user from users where email = p_who;
  end if;
  return v_user;
end
$$;
