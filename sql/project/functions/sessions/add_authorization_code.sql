-- A code for a client that sent a PKCE challenge, good for 5 minutes. p_code: {hash, challenge, tokens,
-- linking}, bytes in hex; linking is {session_id, identity}, see link_identity(). Clears up a few that are
-- over, with the provider's tokens that waited with them; a used one is known for a day, for when it comes
-- again.

create or replace function add_authorization_code(p_user_id uuid, p_method text, p_code jsonb) returns void
language sql volatile security invoker
as $$
  delete from authorization_codes where id in (
    select c.id from authorization_codes c
    where c.expires_at < clock_timestamp() - case when c.session_id is null then interval '0' else interval '1 day' end
    order by c.expires_at
    limit 10
    for update skip locked
  );
  insert into authorization_codes (user_id, code_hash, code_challenge, method, provider_tokens, linking, expires_at)
  values (
    p_user_id, decode(p_code ->> 'hash', 'hex'), p_code ->> 'challenge', p_method,
    decode(p_code ->> 'tokens', 'hex'), p_code -> 'linking', clock_timestamp() + interval '5 minutes'
  )
$$;
