-- For administrators, in the transaction that brings the project's schema to a release.

create or replace function record_release(p_id text, p_release text) returns void
language sql volatile security invoker
as $$
  update projects set release = p_release where id = p_id
$$;

comment on function record_release(text, text) is 'Notes which release of the SQL a project runs.';
