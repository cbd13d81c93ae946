import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { type Cluster, dataFolder } from "../../src/development/postgres/process.ts";
import { signOutUsers } from "../../src/users/sign_out.ts";
import { openProjectOn, startOwnServer } from "../support/own_server.ts";
import type { TestProject } from "../support/project.ts";
import { openSession, refresh } from "../support/sessions.ts";
import { copyRunning } from "../support/standby.ts";
import { startProxy } from "../support/tcp_proxy.ts";
import { collectFigures, scaled } from "./figures.ts";

const figures = collectFigures("restore from a base backup and an archive");
const sessions = scaled(500);

it("keeps what was archived, and signing everybody out ends what was not (case 201)", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "miosa-archive-"));
  await chmod(folder, 0o777);
  const lost = await startOwnServer({
    settings: { archive_mode: "on", archive_command: `cp %p ${folder}/%f` },
  });
  const proxy = await startProxy(lost.port);
  const url = (database?: string, user?: string) => proxy.through(lost.url(database, user));
  const { project, close } = await openProjectOn({ ...lost, url, stop: async () => {} });

  const backup = { ...lost.cluster, folder };
  await copyRunning(lost, backup);
  const [archived, young] = [await openSessions(project), await openSessions(project)];
  await endSessions(project, archived);
  await archive(project);
  await endSessions(project, young);
  await lost.halt("immediate");

  const died = performance.now();
  const restored = await startOwnServer({
    settings: { restore_command: `cp ${folder}/%f %p` },
    fill: (cluster) => restore(backup, cluster),
  });
  proxy.lead(restored.port);
  while ((await refresh(project, archived[0] ?? "")).status === 503) await sleep(10);
  const recovery = Math.round(performance.now() - died);

  const revived = await countLive(project, archived);
  figures.add("ended, archived, and live again", sessions, revived);
  const lostEnds = await countLive(project, young);
  figures.add("ended after that, and live again", sessions, lostEnds);
  await signOutUsers(project.service.admin, project.id);
  const left = await countLive(project, young);
  figures.add("the same after project sign-out", sessions, left);
  figures.add("from the loss to the first answer", 1, `${recovery} ms`);
  expect([revived, left]).toEqual([0, 0]);
  // Else there was nothing to end.
  expect(lostEnds).toBeGreaterThan(0);
  await close();
  await proxy.close();
  await restored.stop();
  await lost.stop();
  await rm(folder, { recursive: true });
});

async function openSessions(project: TestProject): Promise<string[]> {
  const tokens: string[] = [];
  for (let n = 0; n < sessions; n += 1) tokens.push((await openSession(project)).refreshToken);
  return tokens;
}

/** Logs out, and has it acknowledged. */
async function endSessions(project: TestProject, tokens: readonly string[]): Promise<void> {
  for (const token of tokens) {
    const { status } = await project.post("/logout", { refresh_token: token });
    expect(status).toBe(204);
  }
}

/** Until all that was written is in the archive. */
async function archive(project: TestProject): Promise<void> {
  const [wal] = await project.sql<{ file: string }>(
    "select pg_walfile_name(pg_current_wal_lsn()) as file",
  );
  await project.sql("select pg_switch_wal()");
  const isThere = "select from pg_stat_archiver where last_archived_wal >= $1";
  for (let look = 0; look < 600; look += 1) {
    if ((await project.sql(isThere, [wal?.file])).length > 0) return;
    await sleep(50);
  }
  throw new Error(`${wal?.file} was not archived`);
}

async function restore(backup: Cluster, cluster: Cluster): Promise<void> {
  await promisify(execFile)("cp", ["-a", dataFolder(backup), dataFolder(cluster)]);
  await writeFile(path.join(dataFolder(cluster), "recovery.signal"), "");
}

/** How many of these tokens still refresh; none may be a failure of the service's. */
async function countLive(project: TestProject, tokens: readonly string[]): Promise<number> {
  let live = 0;
  for (const token of tokens) {
    const { status } = await refresh(project, token);
    expect([200, 400]).toContain(status);
    if (status === 200) live += 1;
  }
  return live;
}
