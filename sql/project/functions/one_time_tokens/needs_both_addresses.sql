-- Whether a change of address asks the old one as well. An address that was never proved is not asked:
-- who mistyped it could not leave it.

create or replace function needs_both_addresses(p_user users) returns boolean
language sql stable security invoker
as $$
  select s.email_change_confirmation = 'both' and p_user.email_confirmed_at is not null from settings s
$$;
