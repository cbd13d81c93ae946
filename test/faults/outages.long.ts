import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openInstance } from "../support/instance.ts";
import { type OwnServer, openOwnServer } from "../support/own_server.ts";
import { endOf } from "../support/sessions.ts";
import { collectFigures, scaled } from "./figures.ts";
import { startOutageLoad } from "./outage_load.ts";

const outages = scaled(50);
const clients = 8;
const longestRecovery = 5_000;
const figures = collectFigures("Postgres crashed and started under load");

let own: OwnServer;
beforeAll(async () => {
  own = await openOwnServer();
});
afterAll(() => own?.close());

describe.each([false, true])(
  "a Postgres that crashes again and again, with prepared statements %s",
  (preparedStatements) => {
    it("is served again within five seconds each time, by the same process (case 186)", async () => {
      const { project, server } = own;
      const instance = openInstance(project.service, { preparedStatements });
      const load = await startOutageLoad(project, instance.auth, clients);
      const recoveries: number[] = [];
      for (let outage = 1; outage <= outages; outage += 1) {
        await load.served();
        load.enter("falling");
        await server.halt("immediate");
        load.enter("away");
        await load.asked();
        load.enter("rising");
        await server.start();
        const up = performance.now();
        load.enter("back");
        await load.served();
        const firsts = new Map<string, number>();
        for (const { email, status, heardAt } of load.answers) {
          if (heardAt > up && status < 300 && !firsts.has(email)) firsts.set(email, heardAt);
        }
        recoveries.push(Math.max(...firsts.values()) - up);
      }
      await load.stop();
      await instance.close();

      const away = load.answers.filter(({ asked, heard }) => asked === "away" && heard === "away");
      const without = away.filter(
        ({ status, retryAfter }) => status !== 503 || retryAfter === null,
      );
      const wrong = load.answers.filter(({ status }) => ![200, 204, 503].includes(status));
      let lost = 0;
      for (const id of load.loggedOut) if ((await endOf(project, id)) !== "logout") lost += 1;
      const title = preparedStatements ? "prepared" : "not prepared";
      const sorted = recoveries.sort((a, b) => a - b);
      const ms = (share: number) => `${Math.round(sorted.at(share * (sorted.length - 1)) ?? 0)} ms`;
      figures.add(`${title}: until the last client was served, median`, outages, ms(0.5));
      figures.add(`${title}: until the last client was served, longest`, outages, ms(1));
      figures.add(`${title}: answers while away that are no 503`, away.length, without.length);
      figures.add(
        `${title}: answers but 2xx and 503 at any time`,
        load.answers.length,
        wrong.length,
      );
      figures.add(`${title}: acknowledged logouts lost`, load.loggedOut.length, lost);
      expect([without.slice(0, 5), wrong.slice(0, 5), lost]).toEqual([[], [], 0]);
      expect(sorted.at(-1)).toBeLessThan(longestRecovery);
    });
  },
);
