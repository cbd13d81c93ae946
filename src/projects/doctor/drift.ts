import { randomBytes } from "node:crypto";
import type { Database } from "../../database/database.ts";
import { actAsAdministrator, asFirstOwner } from "../administration.ts";
import { createSchema, installProject } from "../create_project.ts";
import { installSharedSchema } from "../prepare_database.ts";
import { rehearse } from "../rehearse.ts";
import { addSqlLogin } from "../sql_login.ts";
import { type Contract, readContract } from "./contract.ts";
import { type Finding, fail, warn } from "./finding.ts";
import type { Login } from "./login.ts";

/** Whether a project has the functions for sign-in by SQL, which are installed on request. */
export function hasSqlLogin(contract: Contract): boolean {
  return [...contract.keys()].some((name) => name.startsWith("function login_with_password("));
}

/** What a project of this release is like: makes one, reads it, and takes it back. */
export async function projectReference(
  database: Database,
  { mode }: Login,
  withSqlLogin = false,
): Promise<Contract> {
  const id = `proj_reference_${randomBytes(6).toString("hex")}`;
  return rehearse(database, async (tx) => {
    await actAsAdministrator(tx, mode);
    const owner = await createSchema(tx, mode, id);
    return asFirstOwner(tx, mode, id, owner, async (owned) => {
      await installProject(owned, mode, { isNew: true });
      if (withSqlLogin) await addSqlLogin(owned, id);
      return readContract(owned, id);
    });
  });
}

/** The schema `miosa_auth` as it is, and as this release makes it in its place. */
export async function sharedContracts(
  database: Database,
  { mode }: Login,
): Promise<{ reference: Contract; actual: Contract }> {
  return rehearse(database, async (tx) => {
    await actAsAdministrator(tx, mode);
    const actual = await readContract(tx, "miosa_auth");
    await tx.script("alter schema miosa_auth rename to miosa_auth_as_it_is");
    await installSharedSchema(tx, mode);
    return { reference: await readContract(tx, "miosa_auth"), actual };
  });
}

/** Where a schema differs from the release, a finding each. */
export function driftFindings(
  schema: string,
  reference: Contract,
  actual: Contract,
  remedy: string,
): Finding[] {
  const check = `schema ${schema}`;
  const missing = namesBeyond(reference, actual);
  const added = namesBeyond(actual, reference);
  const altered = [...reference].flatMap(([name, text]) => {
    const found = actual.get(name);
    return found === undefined || found === text ? [] : [{ name, how: changedParts(text, found) }];
  });
  return [
    ...missing.map((name) => fail(check, `${name} is missing`, remedyFor(name, remedy))),
    ...altered.map(({ name, how }) => fail(check, `${name} ${how}`, remedyFor(name, remedy))),
    ...added.map((name) =>
      name.startsWith("grant ")
        ? fail(check, `${name} is not of this release`, remedy)
        : warn(check, `${name} is not of this release`, "Leave it if it is your own"),
    ),
  ];
}

// What belongs to a thing that is itself beyond goes without saying.
function namesBeyond(one: Contract, other: Contract): string[] {
  const names = [...one.keys()].filter((name) => !other.has(name));
  const things = names.filter((name) => /^(function|table|sequence) /.test(name));
  return names.filter((name) => !things.some((thing) => isPartOf(name, thing)));
}

function isPartOf(name: string, thing: string): boolean {
  if (name.includes(` on ${thing} to `)) return true;
  const table = /^table (.*)$/.exec(thing)?.[1];
  return (
    table !== undefined &&
    (/^(column|constraint|index|trigger|policy) (.*)$/.exec(name)?.[2] ?? "").startsWith(
      `${table}.`,
    )
  );
}

// The parts of a line that differ, so that a reader need not compare hashes.
function changedParts(expected: string, found: string): string {
  const before = expected.split(" | ");
  const now = found.split(" | ");
  const gone = before.filter((part) => !now.includes(part));
  const come = now.filter((part) => !before.includes(part));
  if (gone.every(isBody) && come.every(isBody)) return "has another body";
  const list = (parts: string[]) => parts.filter((part) => !isBody(part)).join(" | ") || "nothing";
  return `is altered: ${list(come)}, where this release has ${list(gone)}`;
}

function isBody(part: string): boolean {
  return part.startsWith("body ");
}

// Functions and rights are applied again by an upgrade; tables are made once.
function remedyFor(name: string, remedy: string): string {
  if (/^(function|grant) /.test(name)) return remedy;
  return "Put it back by hand as sql/ has it, or restore a backup";
}
