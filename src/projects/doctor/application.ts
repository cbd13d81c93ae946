import type { Transaction } from "../../database/database.ts";
import { type Finding, fail, warn } from "./finding.ts";

type Holder = { role: string };
type Key = { name: string; place: string; column: string; type: string };
type Cascade = { name: string; table: string; triggers: string };
type Follower = { name: string; called: string };

const trust = "Leave it if you trust it as the project's owner";

/**
 * What applications were given of a project's users: rights to refer to them, foreign keys and functions
 * that follow them. Run as the schema's owner, with the schema as the path.
 */
export async function examineApplication(tx: Transaction, id: string): Promise<readonly Finding[]> {
  const holders = await tx.query<Holder>(holdersQuery);
  const keys = await tx.query<Key>(keysQuery);
  const cascades = await tx.query<Cascade>(cascadesQuery);
  const followers = await tx.query<Follower>(followersQuery);
  return [
    ...holders.map(({ role }) =>
      warn(
        "references",
        `${role} may refer to the users of ${id}, which is a right for who is trusted as its owner`,
        `${trust}; else: miosa-auth project revoke ${id} ${role}, and make its keys with miosa-auth project reference`,
      ),
    ),
    ...keys.map(({ name, place, column, type }) =>
      fail(
        "references",
        `the key ${name} of ${place} refers to the users of ${id} by ${column} of type ${type}: a cast of that type runs with the rights of the project's owner`,
        `alter table ${place} drop constraint ${name}; then give the column the type uuid, and: miosa-auth project reference`,
      ),
    ),
    ...cascades.map(({ name, table, triggers }) =>
      warn(
        "references",
        `a deletion of a user of ${id} reaches ${table} (${name}), where before PostgreSQL 18 AFTER triggers run with the rights of the project's owner: ${triggers}`,
        `${trust}; else drop the triggers, or take --on-delete restrict`,
      ),
    ),
    ...followers.map(({ name, called }) =>
      fail(
        "triggers",
        `${called} follows the users of ${id} by ${name}, and is not guarded, or not as it was when it was set`,
        `miosa-auth project trigger ${id} ${called}, or --remove`,
      ),
    ),
  ];
}

const holdersQuery = `
select distinct case when a.grantee = 0 then 'everybody' else a.grantee::regrole::text end as role
from pg_class c, lateral (
  select r.grantee, r.privilege_type from aclexplode(c.relacl) r
  union all
  select r.grantee, r.privilege_type
  from pg_attribute t, aclexplode(t.attacl) r where t.attrelid = c.oid
) a
where c.oid = 'users'::regclass and a.privilege_type = 'REFERENCES' and a.grantee <> c.relowner
order by 1`;

const keysQuery = `
select distinct quote_ident(k.conname) as name, k.conrelid::regclass::text as place,
  quote_ident(t.attname) as column, format_type(t.atttypid, t.atttypmod) as type
from pg_constraint k
join pg_attribute t on t.attrelid = k.conrelid and t.attnum = any (k.conkey)
join pg_attribute u on u.attrelid = k.confrelid and u.attnum = k.confkey[array_position(k.conkey, t.attnum)]
where k.contype = 'f' and k.confrelid = 'users'::regclass and t.atttypid <> u.atttypid
order by 2, 1`;

// Also where one cascade sets off another. Bits of tgtype: 2 before, 64 instead of, 8 delete, 16 update.
const cascadesQuery = `
with recursive reached (conname, relation, action) as (
  select k.conname, k.conrelid, k.confdeltype
  from pg_constraint k
  where k.contype = 'f' and k.confrelid = 'users'::regclass and k.confdeltype in ('c', 'n', 'd')
  union
  select k.conname, k.conrelid, k.confdeltype
  from reached r join pg_constraint k on k.confrelid = r.relation
  where r.action = 'c' and k.contype = 'f' and k.confdeltype in ('c', 'n', 'd')
)
select quote_ident(r.conname) as name, r.relation::regclass::text as table,
  string_agg(quote_ident(t.tgname), ', ' order by t.tgname) as triggers
from reached r
join pg_trigger t on t.tgrelid = r.relation and not t.tgisinternal and t.tgtype & 66 = 0
  and t.tgtype & case r.action when 'c' then 8 else 16 end <> 0
where current_setting('server_version_num')::int < 180000
group by r.conname, r.relation
order by 2, 1`;

const followersQuery = `
select quote_ident(t.tgname) as name, t.tgfoid::regproc::text as called
from pg_trigger t
join pg_proc p on p.oid = t.tgfoid
where t.tgrelid = 'users'::regclass and not t.tgisinternal
  and t.tgname ~ '^application_(signup|update|delete)(_2_function)?$'
  and not exists (
    select from pg_trigger g
    where g.tgrelid = t.tgrelid and g.tgfoid = to_regprocedure('guard_application_trigger()')
      and g.tgenabled = t.tgenabled and g.tgtype = t.tgtype
      and g.tgname = replace(t.tgname, '_2_function', '_1_guard')
      and g.tgargs = convert_to(t.tgname::text, 'UTF8') || '\\x00'::bytea
        || convert_to(pg_get_userbyid(p.proowner)::text, 'UTF8') || '\\x00'::bytea
      and p.prosecdef
      and exists (select from unnest(p.proconfig) s (setting) where setting like 'search\\_path=%')
  )
order by 1`;
