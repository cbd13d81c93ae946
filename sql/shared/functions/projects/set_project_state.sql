-- For administrators. Servers see it within the five seconds that they keep an answer.
-- Returns whether the project was in another state before, null when there is none.

create or replace function set_project_state(p_id text, p_state text) returns boolean
language sql volatile security invoker
as $$
  with before as (
    select id, state from projects where id = p_id for update
  ),
  changed as (
    update projects set state = p_state from before where projects.id = before.id
  )
  select before.state <> p_state from before
$$;
