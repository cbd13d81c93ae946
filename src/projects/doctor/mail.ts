import type { Database } from "../../database/database.ts";
import { DatabaseError } from "../../database/errors.ts";
import { actAsAdministrator, administer } from "../administration.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";
import type { Login } from "./login.ts";

type Counts = {
  project: string;
  project_state: "active" | "suspended";
  queued: number;
  parked: number;
  oldest_queued_seconds: number | null;
  failure: string | null;
};

const undefinedFunction = "42883";
// Seconds that a mail waits where all is well: some attempts, the last of them five minutes apart.
const noticeable = 900;

/** Whether mail leaves: what was given up, and what has waited for long. */
export async function examineMail(
  database: Database,
  { mode }: Login,
  projectId: string | undefined,
): Promise<Finding[]> {
  const counts = await readCounts(database, mode);
  const wanted = counts.filter(({ project }) => projectId === undefined || project === projectId);
  const findings = wanted.flatMap((project) => [...parked(project), ...waiting(project)]);
  const queued = wanted.reduce((sum, project) => sum + project.queued, 0);
  return findings.length > 0 ? findings : [ok("mail", `${queued} mail(s) wait, none for long`)];
}

async function readCounts(database: Database, mode: Login["mode"]): Promise<Counts[]> {
  try {
    return await administer(database, async (tx) => {
      await actAsAdministrator(tx, mode);
      const [row] = await tx.query<{ counts: Counts[] }>("select count_mail() as counts");
      return row?.counts ?? [];
    });
  } catch (error) {
    // A shared schema that is behind is a finding of its own.
    if (error instanceof DatabaseError && error.sqlstate === undefinedFunction) return [];
    throw error;
  }
}

function parked({ project, parked, failure }: Counts): Finding[] {
  if (parked === 0) return [];
  const message = `${parked} mail(s) of ${project} were given up${reason(failure)}`;
  const remedy = `miosa-auth mail list --project ${project} --state parked`;
  return [warn("mail", message, remedy)];
}

function waiting({ project, project_state, oldest_queued_seconds, failure }: Counts): Finding[] {
  const seconds = oldest_queued_seconds ?? 0;
  if (seconds < noticeable || project_state === "suspended") return [];
  const minutes = Math.floor(seconds / 60);
  const message = `mail of ${project} has waited for ${minutes} minutes${reason(failure)}`;
  const remedy = `See that a server runs with MIOSA_AUTH_MAIL_URL, or: miosa-auth mail transport ${project}`;
  return [fail("mail", message, remedy)];
}

function reason(failure: string | null): string {
  return failure === null ? "" : ` (${failure})`;
}
