-- A session as SQL can give it.
--
-- No JWT can be signed here, as the key is sealed. What is given instead: the refresh token, which the
-- API's POST /refresh exchanges for a session, and a token that only verified_uid() and live_uid() of
-- this database believe, by its db_mac; it has no signature, so no server takes it for a JWT.

create or replace function sql_session(p_granted jsonb, p_secret bytea) returns jsonb
language sql stable security invoker
as $$
  select case when p_granted -> 'claims' is null then p_granted else jsonb_build_object(
    'outcome', null,
    'user', p_granted -> 'user',
    'refresh_token', translate(encode(p_secret, 'base64'), E'+/=\n', '-_'),
    'database_token', 'e30.' || translate(encode(convert_to((
      select row_to_json(c)::text from (
        select
          p_granted #>> '{claims,sub}' as sub,
          p_granted #>> '{claims,session_id}' as session_id,
          p_granted #>> '{claims,role}' as role,
          p_granted #>> '{claims,aal}' as aal,
          (p_granted #>> '{claims,exp}')::bigint as exp,
          p_granted #>> '{claims,db_mac}' as db_mac
      ) c
    ), 'UTF8'), 'base64'), E'+/=\n', '-_') || '.unsigned',
    'expires_at', p_granted #> '{claims,exp}'
  ) end
$$;
