-- {outcome, retry_after} where there are seconds to wait, null while there is no need to.

create or replace function wait_json(p_code text, p_wait integer) returns jsonb
language sql immutable parallel safe security invoker
as $$
  select case when p_wait is not null then jsonb_build_object('outcome', p_code, 'retry_after', p_wait) end
$$;
