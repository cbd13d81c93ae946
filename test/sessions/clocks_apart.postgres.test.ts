import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { sendTo } from "../faults/http_client.ts";
import { type KillableService, startKillable } from "../faults/killed_service.ts";
import type { Send } from "../faults/retrying_client.ts";
import { ageSession } from "../support/age.ts";
import { createTestProject, type TestProject } from "../support/project.ts";
import { endOf, openSession, openSessions } from "../support/sessions.ts";

const minutes = [10, -10];

let project: TestProject;
let limited: TestProject;
let nodes: KillableService[];

beforeAll(async () => {
  project = await createTestProject();
  limited = await createTestProject({ session_lifetime: 300 });
  const preload = path.resolve("test/support/shifted_clock.mjs");
  nodes = await Promise.all(
    minutes.map((off) =>
      startKillable(project.service, {
        environment: {
          NODE_OPTIONS: `--import ${preload}`,
          SHIFTED_CLOCK_BY: `${off * 60_000}`,
        },
      }),
    ),
  );
});
afterAll(() => Promise.all((nodes ?? []).map((node) => node.stop())));

/** The one ahead, and the one behind. */
function sendersTo({ id }: TestProject): [Send, Send] {
  return nodes.map(({ port }) => sendTo(() => port, id)) as [Send, Send];
}

const refreshAt = (send: Send, refreshToken: string) =>
  send("/refresh", { method: "POST", body: { refresh_token: refreshToken } });

describe("two servers whose clocks are twenty minutes apart (case 196)", () => {
  it("sign nobody out who goes from one to the other", async () => {
    const [ahead, behind] = sendersTo(project);
    const sessions = await openSessions(project, 10);
    await Promise.all(
      sessions.map(async ({ id, refreshToken }) => {
        let token = refreshToken;
        for (const send of [ahead, behind, ahead, behind]) {
          const { status, body } = await refreshAt(send, token);
          expect(status).toBe(200);
          token = String(body.refresh_token);
        }
        expect(await endOf(project, id)).toBeNull();
      }),
    );
  });

  it("end no session sooner or later than the database does", async () => {
    for (const send of sendersTo(limited)) {
      const [young, old] = [await openSession(limited), await openSession(limited)];
      await ageSession(limited, young.id, "280 seconds");
      await ageSession(limited, old.id, "301 seconds");
      expect((await refreshAt(send, young.refreshToken)).status).toBe(200);
      const over = await refreshAt(send, old.refreshToken);
      expect(over).toMatchObject({ status: 400, body: { error_code: "session_expired" } });
    }
  });

  it("date tokens alike; the one behind refuses them while its clock is wrong, and ends nothing by that", async () => {
    const [ahead, behind] = sendersTo(project);
    const { id, refreshToken } = await openSession(project);
    const first = (await refreshAt(ahead, refreshToken)).body as unknown as SessionReply;
    const second = (await refreshAt(behind, first.refresh_token)).body as unknown as SessionReply;
    expect(Math.abs(first.expires_at - second.expires_at)).toBeLessThan(30);
    for (const { access_token: token } of [first, second]) {
      expect((await ahead("/user", { token })).status).toBe(200);
      expect((await behind("/user", { token })).status).toBe(401);
      expect((await project.request("/user", { token })).status).toBe(200);
    }
    expect(await endOf(project, id)).toBeNull();
  });
});
