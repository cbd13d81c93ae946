-- Whether the nonce of an ID token, if the identity came by one, is there for the first time, as it was brought
-- and as it was signed. Of parallel calls one hears yes. No token is taken that is older than a day; clears up a few nonces of before.

create or replace function spend_nonce(p_identity jsonb) returns boolean
language plpgsql volatile security invoker
as $$
declare
  v_hashes constant jsonb := p_identity -> 'nonce_hashes';
  v_fresh integer;
begin
  if v_hashes is null then
    return true;
  end if;
  perform prune_spent_nonces(10);
  insert into spent_nonces (nonce_hash, expires_at)
  select decode(n.hash, 'hex'), clock_timestamp() + interval '25 hours'
  from jsonb_array_elements_text(v_hashes) n (hash)
  order by n.hash
  on conflict (nonce_hash) do nothing;
  get diagnostics v_fresh = row_count;
  return v_fresh = jsonb_array_length(v_hashes);
end
$$;
