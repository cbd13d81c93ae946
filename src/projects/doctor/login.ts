import type { Database, Transaction } from "../../database/database.ts";
import { type Administration, administer, administration } from "../administration.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";

/** What the connected login is in this database. */
export interface Login {
  readonly mode: Administration;
  readonly isPrepared: boolean;
  /** May read the registry and become the projects' owners. */
  readonly isAdministrator: boolean;
}

type Rights = {
  name: string;
  database: string;
  superuser: boolean;
  createrole: boolean;
  prepared: boolean;
  groups: string[];
  /** May call what a server calls. */
  runtime: boolean;
  /** Is of the servers' group. */
  serves: boolean;
  owns: boolean;
  create: boolean;
  lendable: boolean;
  lent: boolean;
};

type ServerLogin = { name: string; statement_timeout: boolean; lock_timeout: boolean };

/** The login, the groups of the cluster and the logins of servers. */
export async function examineLogin(
  database: Database,
): Promise<{ login: Login; findings: readonly Finding[] }> {
  return administer(database, async (tx) => {
    const mode = await administration(tx);
    const rights = await readRights(tx);
    const isAdministrator = mode === "roles" || rights.owns || rights.superuser;
    const login = { mode, isPrepared: rights.prepared, isAdministrator };
    const findings = [
      privileges(rights, login),
      ...(isAdministrator || !rights.prepared ? create(rights, login) : []),
      ...(rights.prepared ? [] : [unprepared]),
    ];
    if (mode === "roles" && database.engine === "postgres") {
      findings.push(...serverLogins(await readServerLogins(tx)));
    }
    return { login, findings };
  });
}

const unprepared = warn(
  "preparation",
  "this database holds no projects yet",
  "miosa-auth database init --runtime-role NAME",
);

async function readRights(tx: Transaction): Promise<Rights> {
  const [row] = await tx.query<Rights>(`
    select r.rolname::text as name, quote_ident(current_database()) as database,
      r.rolsuper as superuser, r.rolcreaterole or r.rolsuper as createrole,
      exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'miosa_auth' and c.relname = 'projects') as prepared,
      array(select rolname::text from pg_roles
        where rolname in ('miosa_auth_admin', 'miosa_auth_runtime', 'miosa_auth_project')) as groups,
      coalesce((
        select has_schema_privilege(n.oid, 'usage') and has_function_privilege(p.oid, 'execute')
        from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname = 'miosa_auth' and p.proname = 'find_project'
      ), false) as runtime,
      coalesce((select pg_has_role(g.oid, 'usage') from pg_roles g
        where g.rolname = 'miosa_auth_runtime'), false) as serves,
      coalesce((select nspowner = r.oid from pg_namespace where nspname = 'miosa_auth'), false) as owns,
      has_database_privilege(current_database(), 'CREATE') as create,
      has_database_privilege(current_database(), 'CREATE WITH GRANT OPTION') as lendable,
      coalesce((select has_database_privilege(a.oid, current_database(), 'CREATE')
        from pg_roles a where a.rolname = 'miosa_auth_admin'), false) as lent
    from pg_roles r where r.rolname = current_user`);
  if (!row) throw new Error("the connected role is in pg_roles");
  return row;
}

function privileges(rights: Rights, { mode, isAdministrator, isPrepared }: Login): Finding {
  const { name, runtime, serves, createrole, superuser } = rights;
  if (!isPrepared && !isAdministrator) {
    return createrole
      ? ok("login", `${name} may prepare this database`)
      : warn(
          "login",
          `${name} may not make roles, so it would own all projects itself`,
          createRole,
        );
  }
  if (isAdministrator && mode === "single-owner") {
    return warn("login", `${name} is the administrator, and owns all projects itself`, createRole);
  }
  if (isAdministrator && serves && !superuser) {
    return warn(
      "login",
      `${name} is administrator and server in one`,
      "Let servers connect as a login of their own: miosa-auth database init --runtime-role NAME",
    );
  }
  if (isAdministrator) return ok("login", `${name} is an administrator`);
  if (runtime) return ok("login", `${name} is a server's login; the rest needs an administrator`);
  return fail(
    "login",
    `${name} is neither an administrator nor a server here`,
    `Connect as the administrator, or let that one run: grant miosa_auth_admin to ${name};`,
  );
}

const createRole =
  "An administrator with CREATEROLE gives each project an owner of its own: a stronger wall";

function create(rights: Rights, { mode, isPrepared }: Login): Finding[] {
  const { name, lent, lendable, createrole, database } = rights;
  const groups = mode === "roles" && isPrepared ? [groupsFinding(rights)] : [];
  const isGroups = mode === "roles" && isPrepared;
  const who = isGroups ? "miosa_auth_admin" : name;
  const isAllowed = isGroups ? lent : createrole ? lendable : rights.create;
  if (isAllowed) return [...groups, ok("create", `${who} may create schemas here`)];
  const grant = `grant create on database ${database} to ${name} with grant option`;
  const remedy = `As the database's owner: ${grant}; then: miosa-auth database init`;
  return [
    ...groups,
    fail("create", `${who} may not create schemas here, or not lend that`, remedy),
  ];
}

function groupsFinding({ groups }: Rights): Finding {
  if (groups.length === 3) return ok("groups", groups.sort().join(", "));
  return fail("groups", `only ${groups.sort().join(", ")}`, "miosa-auth database init");
}

// A role's own settings, in all databases or in this one, or the database's.
async function readServerLogins(tx: Transaction): Promise<ServerLogin[]> {
  return tx.query<ServerLogin>(`
    select r.rolname::text as name,
      coalesce(bool_or(setting ~ '^statement_timeout=(?!0)'), false) as statement_timeout,
      coalesce(bool_or(setting ~ '^lock_timeout=(?!0)'), false) as lock_timeout
    from pg_auth_members m
    join pg_roles g on g.oid = m.roleid and g.rolname = 'miosa_auth_runtime'
    join pg_roles r on r.oid = m.member and r.rolcanlogin
    left join pg_db_role_setting s on s.setrole in (0, r.oid)
      and s.setdatabase in (0, (select oid from pg_database where datname = current_database()))
    left join lateral unnest(s.setconfig) as setting on true
    group by r.rolname order by r.rolname`);
}

function serverLogins(logins: ServerLogin[]): Finding[] {
  if (logins.length === 0) {
    const remedy = "miosa-auth database init --runtime-role NAME";
    return [warn("servers' logins", "no login is of the group miosa_auth_runtime", remedy)];
  }
  return logins.map(({ name, statement_timeout, lock_timeout }) => {
    const lacking = [
      ...(statement_timeout ? [] : ["statement_timeout"]),
      ...(lock_timeout ? [] : ["lock_timeout"]),
    ];
    if (lacking.length === 0) return ok("servers' logins", `${name} has its time limits`);
    return warn(
      "servers' logins",
      `${name} has no ${lacking.join(" and no ")}`,
      `miosa-auth database init --runtime-role ${name}`,
    );
  });
}
