import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { openReplicatedServer } from "../support/replicated_server.ts";
import { openSession, refresh } from "../support/sessions.ts";
import { collectFigures, scaled } from "./figures.ts";
import type { Send } from "./retrying_client.ts";
import { rotateDuring } from "./rotation.ts";
import { addRotationFigures } from "./rotation_figures.ts";

const figures = collectFigures("failover to a synchronous standby");
const failovers = scaled(25);
const clients = 12;

it("loses no acknowledged write and locks nobody out (case 188)", async () => {
  const servers = await openReplicatedServer({ synchronous: true });
  const { project } = servers;
  const recoveries: number[] = [];
  const faults = async () => {
    for (let round = 1; round <= failovers; round += 1) {
      if (round > 1) await servers.addStandby();
      await sleep(500);
      const probe = await openSession(project);
      const died = performance.now();
      const gone = servers.failOver();
      while ((await refresh(project, probe.refreshToken)).status === 503) await sleep(10);
      recoveries.push(performance.now() - died);
      await gone;
    }
  };
  const send: Send = (path, options) => project.request(path, options);
  const result = await rotateDuring(project, send, { clients, faults, rest: 50 });

  const { violations, lockedOut } = result;
  addRotationFigures(figures, "failover", result);
  recoveries.sort((a, b) => a - b);
  const milliseconds = (share: number) => `${Math.round(recoveries.at(share) ?? 0)} ms`;
  figures.add("recovery, median", failovers, milliseconds(Math.floor(failovers / 2)));
  figures.add("recovery, worst", failovers, milliseconds(-1));
  expect([violations, lockedOut]).toEqual([[], []]);
  await servers.close();
});
