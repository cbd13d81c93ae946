-- {outcome} for a code, null for none.

create or replace function refusal_json(p_code text) returns jsonb
language sql immutable parallel safe security invoker
as $$
  select case when p_code is not null then jsonb_build_object('outcome', p_code) end
$$;
