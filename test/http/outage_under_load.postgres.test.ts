import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { quickHasher } from "../../src/testing/quick_hasher.ts";
import { outageCalls, startOutageLoad } from "../faults/outage_load.ts";
import { openInstance } from "../support/instance.ts";
import { type OwnServer, openOwnServer } from "../support/own_server.ts";
import { endOf } from "../support/sessions.ts";

const hasher = quickHasher();
let own: OwnServer;
beforeAll(async () => {
  own = await openOwnServer();
});
afterAll(() => own?.close());

describe.each([false, true])(
  "Postgres that crashes under load, with prepared statements %s (case 186)",
  (preparedStatements) => {
    it("is 503 while it is away, and nothing else but success before and after, in one process", async () => {
      const { project, server } = own;
      const instance = openInstance(project.service, { preparedStatements }, { hasher });
      const load = await startOutageLoad(project, instance.auth, 4);
      await load.served();
      load.enter("falling");
      await server.halt("immediate");
      load.enter("away");
      await load.asked();
      load.enter("rising");
      await server.start();
      load.enter("back");
      await load.served();
      await load.stop();
      await instance.close();

      const away = load.answers.filter(({ asked, heard }) => asked === "away" && heard === "away");
      for (const call of outageCalls) expect(away.map((answer) => answer.call)).toContain(call);
      for (const answer of away) expect(answer).toMatchObject({ status: 503, retryAfter: "1" });
      for (const answer of load.answers) {
        const good = answer.call === "logout" ? 204 : 200;
        expect([good, 503], JSON.stringify(answer)).toContain(answer.status);
      }
      // Whatever was acknowledged before the crash has outlived it (invariant I1).
      for (const id of load.loggedOut) expect(await endOf(project, id)).toBe("logout");
    });

    it("leaves each session one token at most that nobody has used (invariant I2)", async () => {
      const split = await own.project.sql(
        `select session_id from refresh_tokens where used_at is null
       group by session_id having count(*) > 1`,
      );
      expect(split).toEqual([]);
    });
  },
);
