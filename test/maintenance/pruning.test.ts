import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { createAuth } from "../../src/auth.ts";
import type { Database, FunctionCall } from "../../src/database/database.ts";
import { AuthError } from "../../src/errors.ts";
import { type Pruning, startPruning } from "../../src/maintenance/pruning.ts";
import { suspendProject } from "../../src/projects/state.ts";
import { createTestProject, type TestProject } from "../support/project.ts";
import { openService, type TestService } from "../support/service.ts";
import { countRows } from "../support/sessions.ts";

let service: TestService;
const running: Pruning[] = [];
const log: string[] = [];
const logger = pino({ level: "info" }, { write: (line: string) => log.push(line) });

beforeAll(async () => {
  service = await openService();
  // Projects of other tests.
  await service.engine.query("update miosa_auth.projects set prune_at = 'infinity'");
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((pruning) => pruning.stop()));
  log.length = 0;
});

function start(database: Database, options = {}): void {
  running.push(
    startPruning({ databases: [database], logger, pause: 1, pollInterval: 20, ...options }),
  );
}

/** The server's database, and which projects it pruned, in order. */
function watched(): { database: Database; visits: string[] } {
  const visits: string[] = [];
  const call = <T>(asked: FunctionCall): Promise<T> => {
    if (asked.name === "prune") visits.push(asked.schema);
    return service.runtime.call<T>(asked);
  };
  return { database: { ...service.runtime, call }, visits };
}

/** A project with lines of the audit log that are over. */
async function grownProject(lines: number): Promise<TestProject> {
  const project = await createTestProject();
  await grow(project, lines);
  return project;
}

async function grow(project: TestProject, lines: number): Promise<void> {
  await project.sql("truncate audit_log");
  await project.sql(
    `insert into audit_log (at, event)
     select now() - interval '1 year', 'of_the_test' from generate_series(1, $1::int)`,
    [lines],
  );
}

async function untilPruned(...projects: TestProject[]): Promise<void> {
  for (const project of projects) {
    while ((await countRows(project, "audit_log")) > 0) await sleep(20);
  }
}

describe("a server that prunes (case 199)", () => {
  it("goes round all projects, in small transactions, and lets none wait for a big one", async () => {
    const big = await grownProject(60);
    const small = [await grownProject(3), await grownProject(3)];
    const { database, visits } = watched();
    start(database, { rows: 5 });
    await untilPruned(big, ...small);
    const lastOfSmall = Math.max(...small.map(({ id }) => visits.lastIndexOf(id)));
    expect(visits.lastIndexOf(big.id)).toBeGreaterThan(lastOfSmall);
    expect(visits.filter((id) => id === big.id).length).toBeGreaterThanOrEqual(12);
  });

  it("comes to a project once an hour, however many servers there are", async () => {
    const project = await grownProject(1);
    const { database, visits } = watched();
    for (let n = 0; n < 3; n += 1) start(database);
    await untilPruned(project);
    await grow(project, 1);
    await sleep(200);
    expect(visits).toEqual([project.id]);
    await service.engine.query(
      "update miosa_auth.projects set prune_at = prune_at - interval '1 hour' where id = $1",
      [project.id],
    );
    await untilPruned(project);
    expect(visits).toEqual([project.id, project.id]);
  });

  it("leaves a suspended project as it is", async () => {
    const [suspended, active] = [await grownProject(1), await grownProject(1)];
    await suspendProject(service.admin, suspended.id);
    start(service.runtime);
    await untilPruned(active);
    expect(await countRows(suspended, "audit_log")).toBeGreaterThan(0);
  });

  it("goes on past a project that fails, and says which", async () => {
    const broken = await grownProject(1);
    await broken.sql("alter table audit_log rename to something_else");
    const older = await grownProject(1);
    await older.sql("drop function prune(integer, jsonb)");
    const healthy = await grownProject(1);
    start(service.runtime);
    await untilPruned(healthy);
    expect(log.map((line) => JSON.parse(line))).toMatchObject([
      { project: broken.id, sqlstate: "42P01", msg: "a project cannot be pruned" },
    ]);
  });

  it("says once that a database is away, and goes on when it is back", async () => {
    const project = await grownProject(1);
    let isAway = true;
    let refused = 0;
    const call = <T>(asked: FunctionCall): Promise<T> => {
      if (!isAway) return service.runtime.call<T>(asked);
      refused += 1;
      return Promise.reject(new AuthError("service_unavailable"));
    };
    start({ ...service.runtime, call });
    while (refused < 3) await sleep(10);
    isAway = false;
    await untilPruned(project);
    expect(log.map((line) => JSON.parse(line).msg)).toEqual([
      "what is over cannot be pruned",
      "what is over can be pruned again",
    ]);
  });

  it("begins nothing more once it is closed, and does so only where it is asked to", async () => {
    const project = await grownProject(40);
    const { database, visits } = watched();
    const { masterKey, publicUrl } = service;
    const idle = createAuth({ database, masterKey, publicUrl });
    const auth = createAuth({
      database,
      masterKey,
      publicUrl,
      pruning: { rows: 1, pause: 5, pollInterval: 20 },
    });
    while (visits.length === 0) await sleep(5);
    await auth.close();
    const { length } = visits;
    await sleep(100);
    expect(visits).toHaveLength(length);
    expect(await countRows(project, "audit_log")).toBeGreaterThan(0);
    await idle.close();
  });
});
