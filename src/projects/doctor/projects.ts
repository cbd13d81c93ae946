import pMap from "p-map";
import type { Database, Transaction } from "../../database/database.ts";
import { OperatorError } from "../../errors.ts";
import { asOwner } from "../administration.ts";
import { rehearse } from "../rehearse.ts";
import { jwtKeyContext, type Keyring, unseal } from "../secrets.ts";
import { examineApplication } from "./application.ts";
import { type Contract, readContract } from "./contract.ts";
import { driftFindings, hasSqlLogin, projectReference, sharedContracts } from "./drift.ts";
import { type Finding, fail, ok, reasonOf, warn } from "./finding.ts";
import type { Login } from "./login.ts";
import { examineProviderSecrets } from "./providers.ts";
import type { ProjectToExamine } from "./registry.ts";

/** The schema `miosa_auth` against this release. */
export async function examineShared(database: Database, login: Login): Promise<Finding[]> {
  const { reference, actual } = await sharedContracts(database, login);
  const drift = driftFindings("miosa_auth", reference, actual, "miosa-auth database init");
  return drift.length > 0 ? drift : [ok("schema miosa_auth", "as this release makes it")];
}

/** Each project's keys against the keyring, its schema against this release, and what applications were given. */
export async function examineProjects(
  database: Database,
  login: Login,
  projects: readonly ProjectToExamine[],
  keyring: Keyring | undefined,
): Promise<Finding[]> {
  if (projects.length === 0) return [];
  const plain = await projectReference(database, login);
  let extended: Promise<Contract> | undefined;
  const referenceFor = async (actual: Contract) => {
    if (!hasSqlLogin(actual)) return plain;
    extended ??= projectReference(database, login, true);
    return extended;
  };
  const examined = await pMap(
    projects,
    (project) => examineProject(database, login, project, referenceFor, keyring),
    { concurrency: 4 },
  );
  const keys = examined.flatMap((project) => project.keys);
  const drift = examined.flatMap((project) => project.drift);
  const compared = projects.filter(({ isCurrent }) => isCurrent).length;
  return [
    ...(keyring ? [] : [warn("keys", "MIOSA_AUTH_KEY is not set, so no key was opened")]),
    ...(keyring && keys.length === 0
      ? [ok("keys", `MIOSA_AUTH_KEY opens the keys of ${projects.length} project(s)`)]
      : keys),
    ...(drift.length === 0 && compared > 0
      ? [ok("schemas", `${compared} project(s) as this release makes them`)]
      : drift),
    ...examined.flatMap((project) => project.application),
  ];
}

interface Examined {
  readonly drift: Finding[];
  readonly keys: Finding[];
  /** What applications were given. */
  readonly application: Finding[];
}

async function examineProject(
  database: Database,
  { mode }: Login,
  { id, owner, isCurrent }: ProjectToExamine,
  referenceFor: (actual: Contract) => Promise<Contract>,
  keyring: Keyring | undefined,
): Promise<Examined> {
  const drift: Finding[] = [];
  const keys: Finding[] = [];
  const application: Finding[] = [];
  let actual: Contract | undefined;
  try {
    await rehearse(database, (tx) =>
      asOwner(tx, mode, id, owner, async (owned) => {
        actual = await readContract(owned, id);
        application.push(...(await examineApplication(owned, id)));
        if (keyring) {
          keys.push(...keyFindings(id, await readKeys(owned), keyring));
          keys.push(...(await examineProviderSecrets(owned, id, keyring)));
        }
      }),
    );
  } catch (error) {
    // One that is broken hides no other.
    const message = `the keys of ${id} cannot be read: ${reasonOf(error)}`;
    keys.push(fail("keys", message, "Restore its schema from a backup"));
  }
  if (isCurrent && actual) {
    const remedy = `miosa-auth migrate ${id} --again`;
    drift.push(...driftFindings(id, await referenceFor(actual), actual, remedy));
  }
  return { drift, keys, application };
}

type Key = { kid: string; algorithm: string; state: string; sealed: string };

async function readKeys(tx: Transaction): Promise<Key[]> {
  return tx.query<Key>(
    "select kid, algorithm, state, encode(sealed, 'hex') as sealed from jwt_keys order by kid",
  );
}

function keyFindings(id: string, keys: Key[], keyring: Keyring): Finding[] {
  const findings = keys.flatMap((key) => {
    try {
      unseal(keyring, Buffer.from(key.sealed, "hex"), jwtKeyContext(id, key.kid));
      return [];
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      const message = `the key ${key.kid} of ${id} does not open: ${error.message}`;
      return [fail("keys", message, "Set the MIOSA_AUTH_KEY that the project was made with")];
    }
  });
  if (keys.some(({ state }) => state === "active")) return findings;
  const message = `${id} has no active key, so nobody can sign in`;
  return [...findings, fail("keys", message, "Restore its table jwt_keys from a backup")];
}
