import { randomBytes } from "node:crypto";
import { quoteIdentifier, quoteLiteral } from "../database/identifiers.ts";
import { type MigrationFile, migrationFiles } from "../database/migrate.ts";
import { withOwnNames } from "../database/own_names.ts";
import { replaceableScript, sqlSet } from "../database/sql_files.ts";
import { requireProjectId } from "./project_id.ts";
import { jwtKeyContext, type Keyring, seal } from "./secrets.ts";

export interface ScriptedProject {
  readonly id: string;
  /** Seals the project's fresh secret; whoever has it can read the secret later. */
  readonly keyring: Keyring;
}

/**
 * The SQL that prepares a database and, with a project, creates it: for people who run migrations of
 * their own. One transaction of plain SQL, run as an administrator with CREATEROLE. The shared part
 * can be run again; a project that is there makes the script fail and change nothing.
 *
 * @throws AuthError validation_failed for an id that cannot be one
 */
export async function installScript(project?: ScriptedProject): Promise<string> {
  const parts = [
    "begin;",
    "set local search_path = pg_catalog, pg_temp;",
    groups,
    await sharedSchema(),
  ];
  if (project) parts.push(await projectSchema(project));
  // Where another tool opened the transaction, the rest of it goes on as before.
  parts.push(
    "set local role none;\nset local search_path to default;\nset local check_function_bodies to default;",
    "commit;",
  );
  return `${parts.join("\n\n")}\n`;
}

const groups = `-- The groups of the cluster. What is there already is left alone.
do $$
begin
  if not (select rolcreaterole or rolsuper from pg_roles where rolname = current_user) then
    raise exception 'Run this as an administrator with CREATEROLE'
      using hint = 'miosa-auth project create works without, with a weaker wall between projects';
  end if;
  begin
    create role miosa_auth_admin nologin createrole;
  exception when duplicate_object or unique_violation then
    null;
  end;
  if not pg_has_role(
    current_user, 'miosa_auth_admin',
    case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end
  ) then
    execute 'grant miosa_auth_admin to current_user';
  end if;
  if not has_database_privilege('miosa_auth_admin', current_database(), 'CREATE') then
    execute format('grant create on database %I to miosa_auth_admin', current_database());
    if not has_database_privilege('miosa_auth_admin', current_database(), 'CREATE') then
      raise exception 'The administrator cannot pass on its right to create schemas'
        using hint = format('grant create on database %I to %I with grant option', current_database(), current_user);
    end if;
  end if;
end
$$;
set local role miosa_auth_admin;
do $$
begin
  begin
    create role miosa_auth_runtime nologin;
  exception when duplicate_object or unique_violation then
    null;
  end;
  begin
    create role miosa_auth_project nologin;
  exception when duplicate_object or unique_violation then
    null;
  end;
end
$$;`;

async function sharedSchema(): Promise<string> {
  const shared = sqlSet("shared");
  return [
    "-- The shared schema.",
    "select pg_advisory_xact_lock(hashtextextended('miosa_auth', 0));",
    `do $$
begin
  if to_regnamespace('miosa_auth') is null then
    create schema miosa_auth;
  elsif (select pg_get_userbyid(nspowner) <> current_user from pg_namespace where nspname = 'miosa_auth') then
    raise exception 'somebody else owns the schema miosa_auth';
  end if;
end
$$;`,
    "set local search_path = miosa_auth, pg_temp;",
    "set local check_function_bodies = off;",
    ...(await migrationFiles(shared.migrations)).map(onceOnly),
    replaceableScript(shared, { ownRole: true, isNew: false }),
  ].join("\n");
}

async function projectSchema({ id, keyring }: ScriptedProject): Promise<string> {
  requireProjectId(id);
  const set = sqlSet("project");
  const kid = randomBytes(12).toString("base64url");
  const secret = randomBytes(32).toString("hex");
  const sealed = seal(keyring, secret, jwtKeyContext(id, kid)).toString("hex");
  const name = quoteLiteral(id);
  const migrations = await migrationFiles(set.migrations);
  return `-- The project ${id}: its owner role, whose name only this database knows, and its schema.
select pg_advisory_xact_lock(hashtextextended('miosa_auth/' || ${name}, 0));
do $$
declare
  v_owner text := owner_role_name(${name});
begin
  if quote_ident(${name}) <> ${name} then
    raise exception '% is a word of SQL''s own', ${name};
  end if;
  if exists (select from projects where id = ${name}) or to_regnamespace(${name}) is not null then
    raise exception 'There is a project or schema % already', ${name};
  end if;
  execute format('create role %I nologin', v_owner);
  execute format('grant miosa_auth_project to %I', v_owner);
  execute format('grant %I to miosa_auth_admin', v_owner);
  execute format('create schema %I authorization %I', ${name}, v_owner);
  perform set_config('role', v_owner, true);
end
$$;
set local search_path = ${quoteIdentifier(id)}, pg_temp;
${migrations.map(asRecorded).join("\n")}
${withOwnNames(replaceableScript(set, { ownRole: true, isNew: true }), set.ownNames, id)}
-- The key that signs its tokens, sealed under MIOSA_AUTH_KEY.
insert into jwt_keys (kid, algorithm, state, sealed)
  values (${quoteLiteral(kid)}, 'HS256', 'active', '\\x${sealed}');

-- Its entry in the registry.
set local role miosa_auth_admin;
set local search_path = miosa_auth, pg_temp;
do $$
begin
  execute format('revoke %I from miosa_auth_admin', owner_role_name(${name}));
  perform register_project(${name}, owner_role_name(${name})::name, ${quoteLiteral(set.release)});
end
$$;`;
}

function asRecorded({ id, name, hash, sql }: MigrationFile): string {
  const values = `${id}, ${quoteLiteral(name)}, ${quoteLiteral(hash)}`;
  return `${sql.trimEnd()}\ninsert into migrations (id, name, hash) values (${values});\n`;
}

// A migration that is there is skipped, if it is the same; the first makes the table that tells.
function onceOnly(file: MigrationFile): string {
  const { id, name, hash } = file;
  const isNew =
    id === 0
      ? "to_regclass('miosa_auth.migrations') is null"
      : `not exists (select from migrations where id = ${id})`;
  return `do $step$
begin
  if ${isNew} then
    execute $migration$
${asRecorded(file)}$migration$;
  elsif exists (select from migrations where id = ${id} and hash <> ${quoteLiteral(hash)}) then
    raise exception 'The migration % of miosa_auth is of another text than this release has', ${quoteLiteral(name)};
  end if;
end
$step$;`;
}
