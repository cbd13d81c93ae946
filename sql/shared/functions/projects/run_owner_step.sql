-- Runs the statement that an administrator left in the table `step` of p_home, in p_schema, and leaves its
-- rows there as JSON. It has the rights of whoever calls it and no others: an owner, while Postgres fills
-- a materialized view, as src/projects/owner_step.ts says. It is here for all, and not made for each use,
-- since a session keeps the plans of every function that it ever called.

create or replace function run_owner_step(p_home text, p_schema text, p_answers boolean) returns boolean
language plpgsql volatile security invoker
set search_path from current
as $$
declare
  v_table text := format('%I.step', p_home);
  v_insert text := format('insert into %s (place, answer) values ($1, $2)', v_table);
  v_statement text;
  v_values text[];
  v_row record;
  v_place integer := 0;
begin
  execute format('select statement, parameters from %s', v_table) into strict v_statement, v_values;
  perform set_config('search_path', format('%I, pg_temp', p_schema), true);
  if not p_answers then
    execute v_statement;
    return true;
  end if;
  for v_row in execute v_statement
    using v_values[1], v_values[2], v_values[3], v_values[4], v_values[5], v_values[6], v_values[7], v_values[8]
  loop
    v_place := v_place operator(pg_catalog.+) 1;
    execute v_insert using v_place, pg_catalog.row_to_json(v_row);
  end loop;
  return true;
end
$$;

comment on function run_owner_step(text, text, boolean) is
  'Runs a statement of an administrator''s with the rights of the caller, a project''s owner.';
