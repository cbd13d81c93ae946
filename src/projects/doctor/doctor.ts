import type { Database } from "../../database/database.ts";
import type { Keyring } from "../secrets.ts";
import { type Finding, fail, ok, reasonOf, warn } from "./finding.ts";
import { examineLogin } from "./login.ts";
import { examineMail } from "./mail.ts";
import { examineProjects, examineShared } from "./projects.ts";
import { examineRegistry } from "./registry.ts";
import { examineServer } from "./server.ts";

export interface ExaminationOptions {
  /** One project; without, those of the database. */
  readonly projectId?: string;
  /** What opens the projects' keys; they are not looked at without. */
  readonly keyring?: Keyring;
  /** The connections that a server will take; 10 by default. */
  readonly connections?: number;
  /** Projects to look into at most, spread over all; 200 by default. */
  readonly sample?: number;
}

/**
 * Looks a database over: the server, the login, the registry, whether the keyring opens the projects'
 * keys, where schemas differ from what this release makes, and whether mail leaves. Changes nothing.
 */
export async function examineDatabase(
  database: Database,
  options: ExaminationOptions = {},
): Promise<readonly Finding[]> {
  const { connections = 10, sample = 200, projectId, keyring } = options;
  let server: readonly Finding[];
  try {
    server = await examineServer(database, connections);
  } catch (error) {
    return [fail("connection", reasonOf(error), "check the URL, and that the server listens")];
  }
  const { login, findings } = await examineLogin(database);
  const general = [ok("connection", "the database answers"), ...server, ...findings];
  if (!login.isPrepared) return general;
  if (!login.isAdministrator) {
    const message = "registry, keys and schemas were not looked at";
    return [...general, warn("registry", message, "Connect as the administrator")];
  }

  const registry = await examineRegistry(database, login);
  const shared = await examineShared(database, login);
  const { projects } = registry;
  const wanted = projects.filter(({ id }) => projectId === undefined || id === projectId);
  const absent =
    projectId !== undefined && wanted.length === 0
      ? [fail("project", `there is no project ${projectId}`, "miosa-auth project list")]
      : [];
  const chosen = spread(wanted, sample);
  const part =
    chosen.length < wanted.length
      ? [ok("sample", `looked into ${chosen.length} of ${wanted.length} projects`)]
      : [];
  return [
    ...general,
    ...registry.findings,
    ...shared,
    ...absent,
    ...part,
    ...(await examineProjects(database, login, chosen, keyring)),
    ...(await examineMail(database, login, projectId)),
  ];
}

function spread<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, n) => items[Math.floor((n * items.length) / most)] as T);
}
