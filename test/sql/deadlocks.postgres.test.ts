import { expect, it } from "vitest";
import { projectFunctions } from "../../src/database/functions.ts";
import { outboxFunctions } from "../../src/database/outbox_functions.ts";
import { connectPostgres } from "../../src/database/postgres.ts";
import { AuthError } from "../../src/errors.ts";
import { countingDeadlocks } from "../support/locks.ts";
import { createTestProject } from "../support/project.ts";
import { endings, hashes, operations, type Person } from "./mixed_operations.ts";

const workers = 20;
const rounds = 80;

it("sign-ins, refreshes, logouts, mails, links and deletions of any kind at once end without a deadlock or a failure (case 146)", async () => {
  const project = await createTestProject({
    sessions_per_user: 3,
    login_failures_before_wait: 100,
    logins_per_address: 0,
    signups_per_address: 0,
    mail_interval: 0,
    mails_per_address: 0,
    mails_per_recipient_per_day: 1000,
    manual_linking: true,
  });
  const { engine, runtimeRole } = project.service;
  if (engine.kind !== "postgres") throw new Error("PGlite has one connection");
  await project.sql(
    "insert into providers (name, kind, client_id, sealed) values ('acme', 'oidc', 'c', '\\x00')",
  );
  const deadlocks = countingDeadlocks(project);
  const database = connectPostgres({ url: engine.url(runtimeRole), connections: workers });
  const functions = projectFunctions(database, project.id);
  const surroundings = { outbox: outboxFunctions(database), sql: project.sql };
  const people: Person[] = [1, 2, 3].map((n) => ({
    email: `mix${n}@example.com`,
    hash: hashes[0] ?? "",
    sessions: [],
  }));
  const names = Object.keys(operations);
  const lasting = names.filter((name) => !endings.includes(name));
  const schedule = [...lasting, ...lasting, ...lasting, ...endings];

  const done = new Map<string, number>();
  const failures: unknown[] = [];
  await Promise.all(
    Array.from({ length: workers }, async (_, worker) => {
      for (let round = 0; round < rounds; round += 1) {
        const person = people[(worker + round) % people.length] as Person;
        const name = schedule[(worker * 7 + round * 2) % schedule.length] ?? "";
        try {
          const outcome = await operations[name]?.(functions, person, surroundings);
          // Somebody ended it; the next may live.
          if (/^(user|session)_not_found$/.test(outcome ?? "")) person.sessions.shift();
          done.set(`${name}: ${outcome}`, (done.get(`${name}: ${outcome}`) ?? 0) + 1);
        } catch (error) {
          // It was done again as often as is allowed, and each time somebody was quicker.
          const isClean = error instanceof AuthError && error.status <= 409;
          if (!isClean) failures.push(error);
        }
      }
    }),
  );
  await database.close();

  expect(failures).toEqual([]);
  for (const name of names) {
    expect(done.get(`${name}: null`) ?? 0, `${name} never succeeded`).toBeGreaterThan(0);
  }
  expect(deadlocks()).toBe(0);
});
