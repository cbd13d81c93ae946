import { expect, it } from "vitest";
import { collectFigures, scaled } from "./figures.ts";
import { mailThrough } from "./mail_crashes.ts";
import { countOutcomes } from "./rotation.ts";

const rounds = scaled(60);
const figures = collectFigures("Mail while its service is killed and Postgres crashes");

it("every acknowledged request for a mail brings it, and a copy only where a process died (invariant I7)", async () => {
  const { operations, delivered, copies, cuts, kills, violations, dead } =
    await mailThrough(rounds);
  const { ok, info } = countOutcomes(operations, "mail");
  const links = [...cuts.values()].reduce((sum, count) => sum + count, 0);
  for (const [fault, count] of cuts) figures.add(`Postgres: ${fault}`, links, count);
  figures.add("Postgres crashed and started", rounds, rounds - kills);
  figures.add("service killed and started", rounds, kills);
  figures.add("requests without an answer", ok + info, info);
  figures.add("mails that came a second time", delivered.length, copies);
  figures.add("acknowledged and never come, or otherwise wrong", ok, violations.length);
  expect([violations, dead]).toEqual([[], []]);
});
