-- A code for a client that sent a PKCE challenge, good for 5 minutes. p_code: {hash, challenge, tokens,
-- linking}, bytes in hex; linking is {session_id, identity}, see link_identity(). Clears up a few that are
-- over.

create or replace function add_authorization_code(p_user_id uuid, p_method text, p_code jsonb) returns void
language sql volatile security invoker
as $$
  select prune_authorization_codes(10);
  insert into authorization_codes (user_id, code_hash, code_challenge, method, provider_tokens, linking, expires_at)
  values (
    p_user_id, decode(p_code ->> 'hash', 'hex'), p_code ->> 'challenge', p_method,
    decode(p_code ->> 'tokens', 'hex'), p_code -> 'linking', clock_timestamp() + interval '5 minutes'
  )
$$;
