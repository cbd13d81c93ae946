import { afterAll, beforeAll, expect, it } from "vitest";
import { openRotated, raceEnd } from "../support/end_race.ts";
import { createTestProject, type TestProject } from "../support/project.ts";
import { endOf } from "../support/sessions.ts";
import { collectFigures, scaled } from "./figures.ts";
import { sendTo } from "./http_client.ts";
import { type KillableService, startKillable } from "./killed_service.ts";
import type { Send } from "./retrying_client.ts";

// Before the logout, and as many after it.
const refreshes = 5;
const figures = collectFigures("Refreshes that race the logout of their session");

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

it("leave no token alive once the logout is acknowledged, through two processes (case 37)", async () => {
  const rounds = scaled(500);
  let won = 0;
  let ended = 0;
  for (let round = 0; round < rounds; round += 1) {
    const session = await openRotated(project);
    const scope = ["global", "local"][round % 2];
    const logout = { method: "POST", token: session.accessToken };
    won += await raceEnd(
      session,
      (token) => send("/refresh", { method: "POST", body: { refresh_token: token } }),
      () => send(`/logout?scope=${scope}`, logout),
      refreshes,
    );
    if ((await endOf(project, session.id)) === "logout") ended += 1;
  }
  const all = rounds * refreshes * 2;
  figures.add("sessions that the logout ended", rounds, ended);
  figures.add("refreshes that came before the end", all, won);
  expect(ended).toBe(rounds);
  // Else nothing raced.
  expect(won).toBeGreaterThan(0);
  expect(won).toBeLessThan(all);
});
