import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { sqlSet } from "../../src/database/sql_files.ts";
import {
  type CatalogueFunction,
  type CatalogueTable,
  catalogueFunctions,
  catalogueTables,
} from "../support/catalogue.ts";
import { plainly } from "../support/own_names.ts";
import { createTestProject, inTransaction } from "../support/project.ts";
import { openService, type TestService } from "../support/service.ts";

/** Where administrators' calls are written; the server's are granted. */
const callersFolders = ["outbox", "projects", "users"].map(
  (name) => new URL(`../../src/${name}/`, import.meta.url).pathname,
);

/** What owners of projects may do with mail: rows of their own alone, and not read what they say. */
const ownersRights = [
  ...["DELETE", ...["address", "project_id", "reason"].map((column) => `SELECT (${column})`)].map(
    (right) => `suppressed_addresses miosa_auth_project: ${right}`,
  ),
  ...[
    "DELETE",
    ...["data", "payload", "project_id", "purpose", "recipient", "user_id"].map(
      (column) => `INSERT (${column})`,
    ),
    ...["project_id", "purpose", "recipient", "user_id"].map((column) => `SELECT (${column})`),
  ].map((right) => `outbox miosa_auth_project: ${right}`),
].sort();

let service: TestService;
let functions: CatalogueFunction[];
let tables: CatalogueTable[];

describe.each(["a project", "miosa_auth"])("the installed schema of %s", (kind) => {
  let schema: string;

  beforeAll(async () => {
    service = await openService();
    schema = kind === "miosa_auth" ? kind : (await createTestProject()).id;
    functions = (await catalogueFunctions(service.engine, schema)).map((each) => ({
      ...each,
      definition: plainly(each.definition, schema),
    }));
    tables = await catalogueTables(service.engine, schema);
    expect(functions.length).toBeGreaterThan(5);
    expect(tables.length).toBeGreaterThan(3);
  });

  it("pins the search_path of every definer function, pg_temp last (case 130)", () => {
    const definers = functions.filter(({ definer }) => definer);
    expect(definers.length).toBeGreaterThan(0);
    expect(definers.filter(({ config }) => config[0] !== `search_path=${schema}, pg_temp`)).toEqual(
      [],
    );
  });

  it("belongs, with all that is in it, to one role that cannot log in or pass walls (case 130)", async () => {
    const [owner] = await service.engine.query(
      `select r.rolname::text as name, r.rolcanlogin, r.rolsuper, r.rolbypassrls, r.rolreplication, r.rolcreatedb
       from pg_namespace n join pg_roles r on r.oid = n.nspowner where n.nspname = $1`,
      [schema],
    );
    expect(owner).toEqual({
      name: owner?.name,
      rolcanlogin: false,
      rolsuper: false,
      rolbypassrls: false,
      rolreplication: false,
      rolcreatedb: false,
    });
    const owners = new Set([...functions, ...tables].map((object) => object.owner));
    expect([...owners]).toEqual([owner?.name]);
  });

  it("lets PUBLIC execute nothing and enter nowhere (case 132)", async () => {
    expect(functions.filter(({ executors }) => executors.includes("PUBLIC"))).toEqual([]);
    const entrants = await service.engine.query(
      `select pg_get_userbyid(a.grantee)::text as role, a.privilege_type
       from pg_namespace n, aclexplode(n.nspacl) a
       where n.nspname = $1 and a.grantee <> n.nspowner order by 1`,
      [schema],
    );
    const groups = kind === "miosa_auth" ? ["project", "runtime"] : ["runtime"];
    expect(entrants).toEqual(
      groups.map((group) => ({ role: `miosa_auth_${group}`, privilege_type: "USAGE" })),
    );
  });

  it("lets nobody execute what its owner makes later, be it another overload (case 132)", async () => {
    const [row] = await service.engine.query<{ owner: string }>(
      "select nspowner::regrole::text as owner from pg_namespace where nspname = $1",
      [schema],
    );
    await inTransaction(service, async (query) => {
      await query(`set local role ${row?.owner}`);
      const later = [`${schema}.later(text)`, `${schema}.${functions[0]?.name}(point, point)`];
      for (const signature of later) {
        await query(
          `create function ${signature} returns text language sql as 'select null::text'`,
        );
        for (const role of ["public", "miosa_auth_runtime", "miosa_auth_project"]) {
          const [may] = await query("select has_function_privilege($1, $2, 'execute') as execute", [
            role,
            signature,
          ]);
          expect({ signature, role, ...may }).toEqual({
            signature,
            role,
            execute: false,
          });
        }
      }
      await query("rollback");
    });
  });

  it("builds statements from texts in one function, which was read for it (case 122)", () => {
    const building = functions.filter((f) => /\bexecute\s/i.test(body(f)));
    expect(building.map(({ name }) => name)).toEqual([
      kind === "miosa_auth" ? "run_owner_step" : "with_custom_claims",
    ]);
  });

  it("gives nobody but its owner a right on a table, sequence or column (case 137)", () => {
    const granted = tables.flatMap(({ name, grants }) => grants.map((grant) => `${name} ${grant}`));
    expect(granted.sort()).toEqual(kind === "miosa_auth" ? ownersRights : []);
  });

  it("has row-level security on, and not forced, on every table (case 138)", () => {
    const base = tables.filter((table) => table.kind === "table");
    expect(base.map(({ name }) => name)).toContain("migrations");
    expect(base.filter(({ rls, forced }) => !rls || forced).map(({ name }) => name)).toEqual([]);
  });

  it("ships no view, which would pass row-level security by (case 139)", () => {
    const others = tables.filter(({ kind: what }) => what !== "table" && what !== "sequence");
    expect(others).toEqual([]);
  });

  it("explains every table, and every function that a role can be granted", () => {
    const base = tables.filter((table) => table.kind === "table");
    const { helpers } = sqlSet("project");
    const offered = functions.filter(
      ({ executors, signature }) => executors.length > 0 || helpers.includes(signature),
    );
    expect(offered).not.toEqual([]);
    const silent = [...offered, ...base].filter(({ comment }) => !comment);
    expect(silent.map(({ name }) => name)).toEqual([]);
  });

  it("indexes every foreign key and says what a deletion does", async () => {
    const keys = await service.engine.query(
      `select n.conname, n.confdeltype in ('c', 'n', 'd', 'r') as decided,
        exists (
          select from pg_index i where i.indrelid = n.conrelid and i.indpred is null
            and (i.indkey::int2[])[0:cardinality(n.conkey) - 1] @> n.conkey
        ) as indexed
       from pg_constraint n where n.connamespace = $1::regnamespace and n.contype = 'f'`,
      [schema],
    );
    expect(keys.length).toBeGreaterThan(0);
    expect(keys.filter(({ decided, indexed }) => !decided || !indexed)).toEqual([]);
  });

  it("has one function a name, and arguments that cannot be taken for columns", () => {
    const names = functions.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
    const unclear = functions.filter(({ inputs }) => !inputs.every((name) => /^p_/.test(name)));
    expect(unclear.map(({ signature }) => signature)).toEqual([]);
  });

  it("has no function that nobody calls", () => {
    const callers = callersFolders.flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".ts"))
        .map((file) => readFileSync(path.join(folder, file), "utf8")),
    );
    const orphans = functions.filter(
      ({ name, executors }) =>
        executors.length === 0 &&
        !isHelper(name) &&
        ![...callers, ...functions.filter((other) => other.name !== name).map(body)].some((text) =>
          calls(text, name),
        ),
    );
    expect(orphans.map(({ signature }) => signature)).toEqual([]);
  });

  it("promises of no function more than the functions it calls keep", () => {
    const rank = { immutable: 0, stable: 1, volatile: 2 } as const;
    const risk = { safe: 0, restricted: 1, unsafe: 2 } as const;
    const broken = functions.flatMap((caller) =>
      functions
        .filter((callee) => callee !== caller && calls(body(caller), callee.name))
        .filter(
          (callee) =>
            rank[callee.volatility] > rank[caller.volatility] ||
            risk[callee.parallel] > risk[caller.parallel],
        )
        .map((callee) => `${caller.signature} calls ${callee.signature}`),
    );
    expect(broken).toEqual([]);
    const writers = functions.filter(
      (f) => f.volatility !== "volatile" && /\b(insert into|update|delete from)\b/.test(body(f)),
    );
    expect(writers.map(({ signature }) => signature)).toEqual([]);
  });

  it("grants the server definer functions alone: an invoker function would need rights on tables", () => {
    // An owner's statement is run for it by a function that has the owner's rights on purpose.
    const granted = functions.filter(
      ({ definer, executors }) =>
        !definer && executors.some((role) => role !== "miosa_auth_project"),
    );
    expect(granted.map(({ signature }) => signature)).toEqual([]);
  });
});

describe("what the server calls of a project", () => {
  it("is planned once, and not for each value, but for pruning, whose plan depends on its limit", async () => {
    const { id } = await createTestProject();
    const called = (await catalogueFunctions((await openService()).engine, id)).filter(
      ({ executors }) => executors.includes("miosa_auth_runtime"),
    );
    const replanned = called.filter(
      ({ config }) => !config.includes("plan_cache_mode=force_generic_plan"),
    );
    expect(called.length).toBeGreaterThan(30);
    expect(replanned.map(({ name }) => name)).toEqual(["prune"]);
  });
});

describe("the helpers for policies", () => {
  const readers = ["aal", "email", "role", "session_id", "subject", "uid"];
  const pinned = ["claims", "live_uid", "verified_uid"];

  it("are stable and parallel safe, none immutable, and the plain readers can be inlined (case 133)", async () => {
    const { id } = await createTestProject();
    const helpers = (await catalogueFunctions((await openService()).engine, id)).filter(
      ({ name }) => readers.includes(name) || pinned.includes(name),
    );
    expect(
      helpers.map(({ name, volatility, parallel, definer, config, inputs }) => ({
        name,
        volatility,
        parallel,
        definer,
        pinned: config.length > 0,
        inputs,
      })),
    ).toEqual(
      [...readers, ...pinned].sort().map((name) => ({
        name,
        volatility: "stable",
        parallel: "safe",
        definer: name.endsWith("_uid"),
        pinned: pinned.includes(name),
        inputs: [],
      })),
    );
  });
});

describe("the database", () => {
  it("needs no extension (case 147)", async () => {
    const { engine } = await openService();
    await createTestProject();
    expect(await engine.query("select extname::text from pg_extension")).toEqual([
      { extname: "plpgsql" },
    ]);
  });
});

function isHelper(name: string): boolean {
  return /^(aal|claims|email|live_uid|role|session_id|subject|uid|verified_uid)$/.test(name);
}

function body({ definition }: CatalogueFunction): string {
  return definition.slice(definition.search(/\n(AS|RETURN|BEGIN)/)).replaceAll(/--.*$/gm, "");
}

function calls(text: string, name: string): boolean {
  return new RegExp(`\\b${name}\\(`).test(text);
}
