import type { Database, Transaction } from "../database/database.ts";
import { DatabaseError } from "../database/errors.ts";
import { quoteIdentifier } from "../database/identifiers.ts";
import { migrationFiles } from "../database/migrate.ts";
import { sqlSet } from "../database/sql_files.ts";
import { AuthError, OperatorError } from "../errors.ts";
import {
  type Administration,
  actAsAdministrator,
  administer,
  administration,
  asOwner,
} from "./administration.ts";
import { installProject } from "./create_project.ts";
import { requireProjectId } from "./project_id.ts";
import { jwtKeyContext, type Keyring, unseal } from "./secrets.ts";
import { upgradeSqlLogin } from "./sql_login.ts";
import { upgradeUserTriggers } from "./triggers.ts";

export interface AdoptedProject {
  readonly id: string;
  readonly owner_role: string;
  /** Whether the registry did not know it. */
  readonly registered: boolean;
}

const insufficientPrivilege = "42501";

/**
 * Makes a schema that is there a project of this database: one that was dumped elsewhere and restored
 * here, or that the registry lost. It gets the owner role that a project made here has, functions and
 * rights of this release, and its entry in the registry, all in one transaction. Users, sessions and
 * keys stay as they are. Can be run again.
 *
 * @throws AuthError validation_failed when there is no such schema, it is no project of a release
 * that this one knows, the keyring does not open its keys, or its owner is out of reach
 */
export async function adoptProject(
  database: Database,
  id: string,
  keyring: Keyring,
): Promise<AdoptedProject> {
  requireProjectId(id);
  return administer(database, async (tx) => {
    await tx.query("select pg_advisory_xact_lock(hashtextextended('miosa_auth/' || $1, 0))", [id]);
    const mode = await administration(tx);
    const holder = await requireProjectSchema(tx, id);
    await actAsAdministrator(tx, mode);
    const [entry] = await tx.query<{ owner: string | null; fresh: string }>(
      `select find_project($1) ->> 'owner_role' as owner,
        case when $2 then owner_role_name($1) else session_user::text end as fresh`,
      [id, mode === "roles"],
    );
    const owner = entry?.owner ?? entry?.fresh ?? "";
    if (mode === "roles") await makeOwner(tx, owner);
    if (holder.name !== owner) await handOver(tx, mode, id, holder, owner);
    await asOwner(tx, mode, id, owner, async (owned) => {
      await requireKnownRelease(owned, id);
      await requireOpenKeys(owned, id, keyring);
      await installProject(owned, mode);
      await upgradeUserTriggers(owned);
      await upgradeSqlLogin(owned, id);
    });
    const { release } = sqlSet("project");
    const registered = entry?.owner === null;
    if (registered) await tx.query("select register_project($1, $2, $3)", [id, owner, release]);
    else await tx.query("select record_release($1, $2)", [id, release]);
    return { id, owner_role: owner, registered };
  });
}

interface Holder {
  readonly name: string;
  /** Whether the connected role may change what the holder owns without becoming it. */
  readonly is_within_reach: boolean;
}

async function requireProjectSchema(tx: Transaction, id: string): Promise<Holder> {
  const [row] = await tx.query<Holder & { tables: number } & Record<string, unknown>>(
    `select o.rolname::text as name,
      o.rolname = current_user or (select rolsuper from pg_roles where rolname = current_user)
        as is_within_reach,
      (select count(*)::int from pg_class c where c.relnamespace = n.oid and c.relkind = 'r'
        and c.relname in ('migrations', 'settings', 'jwt_keys', 'database_keys')) as tables
    from pg_namespace n join pg_roles o on o.oid = n.nspowner where n.nspname = $1`,
    [id],
  );
  if (!row) refuse(`There is no schema ${id} in this database; restore it first`);
  if (row.tables < 4) refuse(`The schema ${id} is not a project's`);
  return row;
}

async function makeOwner(tx: Transaction, owner: string): Promise<void> {
  const role = quoteIdentifier(owner);
  const [existing] = await tx.query("select from pg_roles where rolname = $1", [owner]);
  if (!existing) await tx.script(`create role ${role} nologin`);
  await tx.script(`grant miosa_auth_project to ${role}; grant ${role} to miosa_auth_admin`);
}

// Each thing by name: `reassign owned` would take whatever else the holder has in this database.
async function handOver(
  tx: Transaction,
  mode: Administration,
  id: string,
  holder: Holder,
  owner: string,
): Promise<void> {
  const statements = await tx.query<{ statement: string }>(handOverQuery, [id, owner]);
  const script = statements.map(({ statement }) => statement).join(";\n");
  const former = quoteIdentifier(holder.name);
  try {
    if (holder.is_within_reach) {
      await tx.script(`set local role none;\n${script}`);
    } else if (mode === "roles") {
      await tx.script(`grant ${former} to miosa_auth_admin;
        ${script};
        revoke ${former} from miosa_auth_admin`);
    } else {
      refuse(outOfReach(id, holder));
    }
  } catch (cause) {
    if (!(cause instanceof DatabaseError) || cause.sqlstate !== insufficientPrivilege) throw cause;
    throw new AuthError("validation_failed", { message: outOfReach(id, holder), cause });
  }
  await actAsAdministrator(tx, mode);
}

function outOfReach(id: string, { name }: Holder): string {
  return `The schema ${id} belongs to ${name}, whom this administrator cannot act for: adopt it as ${name} or as a superuser, or restore it with --no-owner as this administrator`;
}

const handOverQuery = `
with home as (select oid, nspname, nspowner from pg_namespace where nspname = $1)
select format('alter schema %I owner to %I', home.nspname, $2::text) as statement, 0 as place from home
union all
select format('alter %s %I.%I owner to %I',
  case c.relkind when 'S' then 'sequence' else 'table' end, home.nspname, c.relname, $2::text), 1
from home join pg_class c on c.relnamespace = home.oid and c.relowner = home.nspowner
where c.relkind in ('r', 'p', 'v', 'm', 'S')
  and not exists (
    select from pg_depend d
    where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype in ('a', 'i')
      and c.relkind = 'S'
  )
union all
select format('alter routine %s owner to %I', p.oid::regprocedure, $2::text), 2
from home join pg_proc p on p.pronamespace = home.oid and p.proowner = home.nspowner
order by place
`;

// The migrations that ran must be the first of those that this release has.
async function requireKnownRelease(tx: Transaction, id: string): Promise<void> {
  const ran = await tx.query<{ id: number; hash: string }>(
    "select id, hash from migrations order by id",
  );
  const known = await migrationFiles(sqlSet("project").migrations);
  const isKnown = ran.every((row, place) => {
    const file = known[place];
    return file?.id === row.id && file.hash === row.hash;
  });
  if (ran.length > 0 && isKnown) return;
  refuse(`The schema ${id} is of a release that this one does not know; is it a newer one?`);
}

async function requireOpenKeys(tx: Transaction, id: string, keyring: Keyring): Promise<void> {
  const keys = await tx.query<{ kid: string; sealed: string }>(
    "select kid, encode(sealed, 'hex') as sealed from jwt_keys",
  );
  // A schema that somebody made to look like a project has none that open.
  if (keys.length === 0) refuse(`The schema ${id} has no JWT key`);
  try {
    for (const { kid, sealed } of keys) {
      unseal(keyring, Buffer.from(sealed, "hex"), jwtKeyContext(id, kid));
    }
  } catch (cause) {
    if (!(cause instanceof OperatorError)) throw cause;
    throw new AuthError("validation_failed", {
      message: `This MIOSA_AUTH_KEY does not open the secrets of ${id}; a schema keeps its name and its key when it moves`,
      cause,
    });
  }
}

function refuse(message: string): never {
  throw new AuthError("validation_failed", { message });
}
