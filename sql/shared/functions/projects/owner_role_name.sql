-- Roles are shared by all databases of a cluster and project ids are not, hence the tag.

create or replace function owner_role_name(p_id text) returns text
language sql stable security invoker
as $$
  select i.tag || '_' || p_id from installation i
$$;

comment on function owner_role_name(text) is 'The name of the role that owns the schema of project p_id.';
