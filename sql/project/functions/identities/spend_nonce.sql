-- Whether the nonce of an ID token, if the identity came by one, is there for the first time. Of parallel
-- calls one hears yes. No token is taken that is older than a day; clears up a few nonces of before.

create or replace function spend_nonce(p_identity jsonb) returns boolean
language plpgsql volatile security invoker
as $$
begin
  if p_identity ->> 'nonce_hash' is null then
    return true;
  end if;
  delete from spent_nonces where nonce_hash in (
    select n.nonce_hash from spent_nonces n
    where n.expires_at < clock_timestamp()
    order by n.expires_at
    limit 10
    for update skip locked
  );
  insert into spent_nonces (nonce_hash, expires_at)
  values (decode(p_identity ->> 'nonce_hash', 'hex'), clock_timestamp() + interval '25 hours')
  on conflict (nonce_hash) do nothing;
  return found;
end
$$;
