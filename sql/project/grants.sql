-- Takes back every grant in this schema to PUBLIC and to the runtime group, so that the allow-list
-- that follows is all there is. Grants that a customer made to roles of its own are left alone.
--
-- What there is to take back is looked up first, through pg_depend. `revoke ... on all functions in
-- schema` reads the whole catalogue, and every look-up of a function by name reads those of that name
-- in all schemas, which made creation slower with each project of a database.

do $$
declare
  v_schema oid := current_schema()::regnamespace;
  v_owner oid := (select oid from pg_roles where rolname = current_user);
  v_grantees oid[] := array[0, coalesce(to_regrole('miosa_auth_runtime'), 0)];
  v_grant record;
begin
  for v_grant in
    select 'schema' as kind, n.nspname::text as name, a.grantee
    from pg_namespace n, aclexplode(n.nspacl) a
    where n.oid = v_schema and a.grantee = any (v_grantees)
    union all
    select 'function', p.oid::regprocedure::text, a.grantee
    from pg_depend d
    join pg_proc p on p.oid = d.objid and p.proowner = v_owner,
    aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
    where d.classid = 'pg_proc'::regclass and d.refclassid = 'pg_namespace'::regclass and d.refobjid = v_schema
      and a.grantee = any (v_grantees)
    union all
    select 'table', c.oid::regclass::text, a.grantee
    from pg_depend d
    join pg_class c on c.oid = d.objid and c.relowner = v_owner,
    lateral (
      select on_table.grantee from aclexplode(c.relacl) on_table
      union
      select on_column.grantee
      from pg_attribute t, aclexplode(t.attacl) on_column
      where t.attrelid = c.oid and t.attacl is not null
    ) a
    where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_namespace'::regclass and d.refobjid = v_schema
      and a.grantee = any (v_grantees)
  loop
    execute format(
      'revoke all on %s %s from %s', v_grant.kind, v_grant.name,
      case when v_grant.grantee = 0 then 'public' else 'miosa_auth_runtime' end
    );
  end loop;
end
$$;
