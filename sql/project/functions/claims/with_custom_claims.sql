-- The claims of an access token with what the application's own function, app.name(uuid, jsonb), adds: it
-- is given the user's id and the claims, and returns the claims it wants. What identity and session rest on
-- stays as it is. The function runs as its owner (SECURITY DEFINER), and is not called once it is no longer
-- so. Its failure is told by SQLSTATE and line, which hold nothing of the user.
-- Raises MA903; 40001, upon which the whole call is made again.

create or replace function with_custom_claims(p_name text, p_claims jsonb) returns jsonb
language plpgsql volatile security invoker
as $$
declare
  c_reserved constant text[] := array[
    'iss', 'sub', 'aud', 'exp', 'iat', 'nbf', 'jti', 'session_id', 'role', 'aal', 'amr', 'is_anonymous',
    'db_mac', 'email', 'phone'
  ];
  v_path constant text := current_setting('search_path');
  v_function regprocedure;
  v_is_definer boolean := false;
  v_claims jsonb;
  v_state text;
  v_context text;
begin
  begin
    v_function := to_regprocedure(p_name);
    v_is_definer := exists (select from pg_catalog.pg_proc p where p.oid = v_function and p.prosecdef);
    if v_is_definer then
      -- What is deferred then runs in the function's own statements, as its owner.
      set constraints all immediate;
      execute format('select %s($1, $2)', v_function::regproc) into v_claims
        using (p_claims ->> 'sub')::uuid, p_claims;
      -- And not at commit with the caller's rights, if the function defers it again.
      set constraints all immediate;
      -- A path that it set for the session would choose what every name means from here on, and in the
      -- next call of this connection.
      if pg_catalog.current_setting('search_path') operator(pg_catalog.<>) v_path then
        perform pg_catalog.set_config('search_path', v_path, false);
      end if;
    end if;
  exception
    when serialization_failure or deadlock_detected then
      raise exception '% met another transaction', p_name using errcode = '40001';
    when others or assert_failure then
      get stacked diagnostics v_state = returned_sqlstate, v_context = pg_exception_context;
      raise exception '% failed with SQLSTATE % at line %', p_name, v_state,
        coalesce(substring(split_part(v_context, 'with_custom_claims(', 1) from 'line (\d+) at'), 'unknown')
        using errcode = 'MA903';
  end;
  if not v_is_definer then
    raise exception '% is not SECURITY DEFINER, or is gone', p_name using errcode = 'MA903';
  elsif jsonb_typeof(v_claims) is distinct from 'object' then
    raise exception '% did not return a JSON object', p_name using errcode = 'MA903';
  elsif exists (select from jsonb_object_keys(v_claims) c (name) where name ~ '^[0-9]+$') then
    -- JavaScript puts them before all others, and of two claims in a token SQL takes the first.
    raise exception '% returned a claim whose name is a number', p_name using errcode = 'MA903';
  end if;

  v_claims := (v_claims - c_reserved) || (
    select jsonb_object_agg(c.key, c.value) from jsonb_each(p_claims) c where c.key = any (c_reserved)
  );
  if octet_length(v_claims::text) - octet_length(p_claims::text) > 4096 then
    raise exception '% added more than 4096 bytes of claims', p_name using errcode = 'MA903';
  end if;
  return v_claims;
end
$$;
