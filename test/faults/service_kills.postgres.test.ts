import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestProject, type TestProject } from "../support/project.ts";
import { openService } from "../support/service.ts";
import { sendTo } from "./http_client.ts";
import { type KillableService, startKillable } from "./killed_service.ts";
import { withoutAddressLimits } from "./newcomer.ts";
import { countOutcomes, rotateTogether } from "./rotation.ts";

const kills = 4;
const logoutsPerKill = 2;

let projects: TestProject[];
let service: KillableService;

beforeAll(async () => {
  projects = [
    await createTestProject(withoutAddressLimits),
    await createTestProject(withoutAddressLimits),
  ];
  service = await startKillable(await openService());
});
afterAll(() => service?.stop());

describe("clients that rotate while their service is killed and started again", () => {
  it("keep one lineage each and all that was acknowledged, 4 kills (case 185)", async () => {
    const sendOf = ({ id }: TestProject) => sendTo(() => service.port, id);
    const faults = async (logouts: () => number) => {
      for (let kill = 0; kill < kills; kill += 1) {
        // Each comes when somebody has logged out since the last, however slow the machine is.
        const before = logouts();
        while (logouts() < before + logoutsPerKill) await sleep(20);
        await sleep(randomInt(200, 600));
        await service.restart("SIGKILL");
      }
    };
    const result = await rotateTogether(projects, sendOf, { clients: 10, faults, rest: 20 });

    expect(result.violations).toEqual([]);
    expect(result.lockedOut).toEqual([]);
    expect(countOutcomes(result.operations, "refresh").info).toBeGreaterThan(kills);
    // Else none was refused after its logout, or none was before a kill.
    expect(countOutcomes(result.operations, "refresh").fail).toBeGreaterThan(20);
    expect(result.logoutsAmidFaults).toBeGreaterThanOrEqual(kills * logoutsPerKill);
  }, 90_000);
});
