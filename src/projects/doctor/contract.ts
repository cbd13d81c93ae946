import type { Transaction } from "../../database/database.ts";
import { ownNameSuffix } from "../../database/own_names.ts";

/** What a schema is made of: the name of each thing, and what it is like. */
export type Contract = ReadonlyMap<string, string>;

/**
 * Reads functions, tables, columns, constraints, indexes, triggers, policies and rights of a schema
 * from the catalogue, such that two schemas of one release read the same: names are as seen from
 * within the schema and as `sql/` has them, its owner is called `owner`, and rights count that the owner,
 * everybody and the product's groups hold. Rights of other roles are the customer's own. The schema is the
 * caller's path.
 */
export async function readContract(tx: Transaction, schema: string): Promise<Contract> {
  const suffix = ownNameSuffix(schema);
  const rows = await tx.query<{ name: string; text: string }>(contractQuery, [schema, suffix]);
  const plain = (text: string) => text.replaceAll(suffix, "");
  return new Map(rows.map(({ name, text }) => [plain(name), plain(text)]));
}

const contractQuery = `
with home as (
  select oid, nspname, nspowner, nspacl from pg_namespace where nspname = $1
),
known (role, name) as (
  select 0::oid, 'PUBLIC'
  union all
  select nspowner, 'owner' from home
  union all
  select r.oid, r.rolname::text from pg_roles r, home
  where r.rolname in ('miosa_auth_runtime', 'miosa_auth_project') and r.oid <> home.nspowner
),
functions as (
  select p.*, format('%s(%s)', p.proname, pg_get_function_identity_arguments(p.oid)) as signature
  from pg_proc p join home on p.pronamespace = home.oid
),
relations as (
  select c.* from pg_class c join home on c.relnamespace = home.oid
),
rights as (
  select 'schema' as object, a.*
  from home, aclexplode(coalesce(home.nspacl, acldefault('n', home.nspowner))) a
  union all
  select 'function ' || f.signature, a.*
  from functions f, aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) a
  union all
  select case r.relkind when 'S' then 'sequence ' else 'table ' end || r.relname, a.*
  from relations r,
    aclexplode(coalesce(r.relacl, acldefault(case r.relkind when 'S' then 's' else 'r' end::"char", r.relowner))) a
  where r.relkind in ('r', 'p', 'v', 'm', 'S')
  union all
  select format('column %s.%s', r.relname, t.attname), a.*
  from relations r join pg_attribute t on t.attrelid = r.oid, aclexplode(t.attacl) a
)
select 'function ' || f.signature as name, concat_ws(' | ',
  'returns ' || pg_get_function_result(f.oid),
  'arguments ' || pg_get_function_arguments(f.oid),
  l.lanname,
  case f.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end,
  case when f.proisstrict then 'strict' else 'called on null' end,
  case f.proparallel when 's' then 'parallel safe' when 'r' then 'parallel restricted' else 'parallel unsafe' end,
  case when f.prosecdef then 'security definer' else 'security invoker' end,
  case when f.proleakproof then 'leakproof' end,
  'settings ' || coalesce(replace(array_to_string(f.proconfig, '; '), format('search_path=%I, pg_temp', home.nspname), 'search_path=<schema>, pg_temp'), 'none'),
  'owned by ' || coalesce((select k.name from known k where k.role = f.proowner), f.proowner::regrole::text),
  'body ' || md5(replace(coalesce(pg_get_function_sqlbody(f.oid), f.prosrc), $2, ''))
) as text
from functions f join pg_language l on l.oid = f.prolang cross join home
union all
select case r.relkind when 'r' then 'table ' when 'S' then 'sequence ' when 'v' then 'view '
    when 'm' then 'materialized view ' else 'relation ' end || r.relname,
  concat_ws(' | ',
    case when r.relpersistence = 'u' then 'unlogged' else 'logged' end,
    case when r.relrowsecurity then 'row security' else 'no row security' end,
    case when r.relforcerowsecurity then 'forced' end,
    'options ' || array_to_string(r.reloptions, ', '),
    'owned by ' || coalesce((select k.name from known k where k.role = r.relowner), r.relowner::regrole::text)
  )
from relations r where r.relkind not in ('i', 'I', 't', 'c')
union all
select format('column %s.%s', r.relname, t.attname), concat_ws(' | ',
  format_type(t.atttypid, t.atttypmod),
  case when t.attnotnull then 'not null' else 'null' end,
  case t.attidentity when 'a' then 'identity always' when 'd' then 'identity' end,
  case t.attgenerated when 's' then 'generated' when 'v' then 'virtual' end,
  'default ' || pg_get_expr(d.adbin, d.adrelid, true)
)
from relations r
join pg_attribute t on t.attrelid = r.oid and t.attnum > 0 and not t.attisdropped
left join pg_attrdef d on d.adrelid = r.oid and d.adnum = t.attnum
where r.relkind in ('r', 'p')
union all
select format('constraint %s.%s', r.relname, n.conname),
  pg_get_constraintdef(n.oid, true) || case when n.convalidated then '' else ' | not valid' end
from relations r join pg_constraint n on n.conrelid = r.oid
where n.contype not in ('n', 't')
union all
select format('index %s.%s', t.relname, r.relname),
  pg_get_indexdef(r.oid, 0, true) || case when i.indisvalid then '' else ' | not valid' end
from relations r join pg_index i on i.indexrelid = r.oid join pg_class t on t.oid = i.indrelid
where not exists (select from pg_constraint n where n.conindid = r.oid and n.conrelid = t.oid)
union all
select format('trigger %s.%s', r.relname, t.tgname),
  pg_get_triggerdef(t.oid, true) || case when t.tgenabled = 'O' then '' else ' | not enabled' end
from relations r join pg_trigger t on t.tgrelid = r.oid and not t.tgisinternal
where t.tgname !~ '^application_(signup|update|delete)(_1_guard|_2_function)?$' or r.relname <> 'users'
union all
select format('policy %s.%s', r.relname, p.polname),
  format('for %s using (%s) with check (%s)', p.polcmd, pg_get_expr(p.polqual, r.oid), pg_get_expr(p.polwithcheck, r.oid))
from relations r join pg_policy p on p.polrelid = r.oid
union all
select format('grant of %s on %s to %s', g.privilege_type, g.object, k.name),
  case when bool_or(g.is_grantable) and k.name <> 'owner' then 'with grant option' else '' end
from rights g join known k on k.role = g.grantee
group by g.privilege_type, g.object, k.name
`;
