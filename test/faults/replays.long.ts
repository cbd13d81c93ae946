import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestProject, type TestProject } from "../support/project.ts";
import { countLeaves, endOf, openSession, rotate } from "../support/sessions.ts";
import { collectFigures, scaled } from "./figures.ts";
import { sendTo } from "./http_client.ts";
import { type KillableService, startKillable } from "./killed_service.ts";
import type { Send } from "./retrying_client.ts";

const atOnce = 50;
const figures = collectFigures("One refresh token, presented again and again");

let project: TestProject;
let services: KillableService[];
let send: Send;

beforeAll(async () => {
  project = await createTestProject();
  services = [await startKillable(project.service), await startKillable(project.service)];
  const ports = services.map(({ port }) => port);
  let turn = 0;
  send = sendTo(() => ports[turn++ % ports.length] ?? 0, project.id);
});
afterAll(() => Promise.all(services.map((service) => service.stop())));

/** Presents a token many times at once, to two processes in turn, and gives what came back. */
async function presentTogether(refreshToken: string): Promise<Set<unknown>> {
  const options = { method: "POST", body: { refresh_token: refreshToken } };
  const replies = await Promise.all(
    Array.from({ length: atOnce }, () => send("/refresh", options)),
  );
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
  return new Set(replies.map(({ body }) => body.refresh_token));
}

it("has one child, whoever of 50 clients of two processes asks at once (case 28)", async () => {
  const rounds = scaled(200);
  const session = await openSession(project);
  let token = session.refreshToken;
  let most = 0;
  for (let round = 0; round < rounds; round += 1) {
    const children = await presentTogether(token);
    most = Math.max(most, children.size);
    token = String([...children][0]);
  }
  figures.add("refreshes at once: children of a token", rounds * atOnce, most);
  expect(most).toBe(1);
  expect(await countLeaves(project, session.id)).toBe(1);
});

it("has one child after 10,000 replays, and is no way to fill the database (case 33)", async () => {
  const rounds = Math.ceil(scaled(10_000) / atOnce);
  const session = await openSession(project);
  const { refresh_token } = await rotate(project, session.refreshToken);
  const children = new Set<unknown>();
  for (let round = 0; round < rounds; round += 1)
    for (const child of await presentTogether(session.refreshToken)) children.add(child);

  const count = async (table: string) =>
    (await project.sql(`select from ${table} where session_id = $1`, [session.id])).length;
  figures.add("replays: children", rounds * atOnce, children.size);
  figures.add("replays: live leaves", rounds * atOnce, await countLeaves(project, session.id));
  figures.add("replays: rows in the audit log", rounds * atOnce, await count("audit_log"));
  expect(children).toEqual(new Set([refresh_token]));
  expect(await count("refresh_tokens")).toBe(2);
  expect(await count("audit_log")).toBeLessThanOrEqual(1);
  expect(await endOf(project, session.id)).toBeNull();
  await rotate(project, refresh_token);
});
