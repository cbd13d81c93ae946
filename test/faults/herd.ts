import { setTimeout as sleep } from "node:timers/promises";
import type { TestProject } from "../support/project.ts";
import { type OpenedSession, openSessions } from "../support/sessions.ts";
import type { Send } from "./retrying_client.ts";

export interface Herd {
  /** How many answers there were of each kind, such as `200`, `503 without Retry-After`, `no answer (…)`. */
  readonly answers: ReadonlyMap<string, number>;
  /** Milliseconds that each answer took, sorted. */
  readonly latencies: readonly number[];
  /** Milliseconds until each tab had its tokens, sorted. */
  readonly served: readonly number[];
  readonly tabs: number;
  /** Clients whose tabs were not given one and the same session, or whose session goes on no more. */
  readonly lost: readonly string[];
  /** Sessions that were ended, which nobody did. */
  readonly ended: number;
}

type Heard = Awaited<ReturnType<Send>>;

const longestPause = 8_000;

/** So many tabs share a client's token: every tenth client has three, every tenth other two. */
const tabsOf = (client: number) => (client % 10 === 0 ? 3 : client % 10 === 1 ? 2 : 1);

/**
 * All clients refresh at once, or `within` so many milliseconds, as where all their tokens are of one moment.
 * Who is told to come again does so no sooner than it was told, and each time later.
 */
export async function stampede(
  project: TestProject,
  send: Send,
  { clients, within = 0 }: { readonly clients: number; readonly within?: number },
): Promise<Herd> {
  const sessions = await openSessions(project, clients);
  const answers = new Map<string, number>();
  const latencies: number[] = [];
  const served: number[] = [];
  const began = performance.now();

  async function ask(refreshToken: string): Promise<Heard | undefined> {
    const asked = performance.now();
    const body = { refresh_token: refreshToken };
    let failure = "";
    const reply = await send("/refresh", { method: "POST", body }).catch((error) => {
      failure = `no answer (${error.code ?? error.message})`;
      return undefined;
    });
    latencies.push(performance.now() - asked);
    const kind = reply ? nameOf(reply) : failure;
    answers.set(kind, (answers.get(kind) ?? 0) + 1);
    return reply;
  }
  async function refreshed(token: string): Promise<unknown> {
    for (let pause = 1_000; ; pause = Math.min(2 * pause, longestPause)) {
      const reply = await ask(token);
      if (reply && reply.status !== 503) return reply.body.refresh_token;
      await sleep(1_000 * retryAfterOf(reply) + Math.random() * pause);
    }
  }
  async function tab({ refreshToken }: OpenedSession): Promise<unknown> {
    await sleep(Math.random() * within);
    const given = await refreshed(refreshToken);
    served.push(performance.now() - began);
    return given;
  }
  const given = await Promise.all(
    sessions.map((session, client) =>
      Promise.all(Array.from({ length: tabsOf(client) }, () => tab(session))),
    ),
  );
  const counted = { answers: new Map(answers), latencies: [...latencies], served: [...served] };

  const lost: string[] = [];
  await Promise.all(
    sessions.map(async ({ id }, client) => {
      const [token, ...others] = new Set(given[client]);
      const isOne = typeof token === "string" && others.length === 0;
      if (!isOne || typeof (await refreshed(token)) !== "string") lost.push(id);
    }),
  );
  const ended = await project.sql("select from sessions where revoked_at is not null");
  for (const times of [counted.latencies, counted.served]) times.sort((a, b) => a - b);
  return { ...counted, tabs: counted.served.length, lost, ended: ended.length };
}

function nameOf(reply: Heard): string {
  const isPlain = reply.status !== 503 || retryAfterOf(reply) > 0;
  return isPlain ? `${reply.status}` : "503 without Retry-After";
}

/** Seconds; 0 where nobody said. */
function retryAfterOf(reply: Heard | undefined): number {
  return Number(reply?.headers.get("Retry-After") ?? 0);
}
