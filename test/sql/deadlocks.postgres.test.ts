import { readFileSync, statSync } from "node:fs";
import { expect, it } from "vitest";
import {
  type Caller,
  type ProjectFunctions,
  projectFunctions,
} from "../../src/database/functions.ts";
import { connectPostgres } from "../../src/database/postgres.ts";
import { AuthError } from "../../src/errors.ts";
import { hashProof } from "../../src/passwords/proof.ts";
import { newRefreshToken, type RefreshToken, wrapUnder } from "../../src/tokens/refresh_token.ts";
import { createTestProject } from "../support/project.ts";

const workers = 20;
const rounds = 60;
const client = { address: "203.0.113.77", userAgent: "mix" };
const hashes = ["a", "b"].map((letter) => `$2a$10$${"s".repeat(21)}.${letter.repeat(31)}`);

/** What the workers share: users are few, so that they meet. */
interface Person {
  readonly email: string;
  hash: string;
  /** The newest of many sessions. */
  sessions: { caller: Caller; token: RefreshToken }[];
}

it("sign-ins, refreshes, logouts, changes of password and deletions at once end without a deadlock or a failure (case 146)", async () => {
  const project = await createTestProject({
    sessions_per_user: 3,
    login_failures_before_wait: 100,
    logins_per_address: 0,
    signups_per_address: 0,
  });
  const { engine, runtimeRole } = project.service;
  if (engine.kind !== "postgres") throw new Error("PGlite has one connection");
  const start = statSync(engine.logFile).size;
  const database = connectPostgres({ url: engine.url(runtimeRole), connections: workers });
  const functions = projectFunctions(database, project.id);
  const people: Person[] = [1, 2, 3].map((n) => ({
    email: `mix${n}@example.com`,
    hash: hashes[0] ?? "",
    sessions: [],
  }));

  const done = new Map<string, number>();
  const failures: unknown[] = [];
  await Promise.all(
    Array.from({ length: workers }, async (_, worker) => {
      for (let round = 0; round < rounds; round += 1) {
        const person = people[(worker + round) % people.length] as Person;
        const names = Object.keys(operations);
        const name = names[(worker * 7 + round * 5) % names.length] ?? "";
        try {
          const outcome = await operations[name]?.(functions, person);
          done.set(`${name}: ${outcome}`, (done.get(`${name}: ${outcome}`) ?? 0) + 1);
        } catch (error) {
          if (!(error instanceof AuthError) || error.status >= 409) failures.push(error);
        }
      }
    }),
  );
  await database.close();

  expect(failures).toEqual([]);
  for (const name of Object.keys(operations)) {
    expect(done.get(`${name}: null`), `${name} never succeeded`).toBeGreaterThan(0);
  }
  const log = readFileSync(engine.logFile).subarray(start).toString("utf8");
  expect(log.match(/deadlock detected/g)?.length ?? 0).toBe(0);
});

type Operation = (functions: ProjectFunctions, person: Person) => Promise<string | null>;

const operations: Record<string, Operation> = {
  signup: async (f, person) => {
    const token = newRefreshToken();
    const hash = hashes[0] ?? "";
    const result = await f.signup({
      email: person.email,
      emailAsTyped: person.email,
      passwordHash: hash,
      userMetadata: null,
      tokenHash: token.hash,
      mail: null,
      client,
    });
    if (result.outcome === null && "claims" in result && result.claims) {
      const { sub, session_id } = result.claims;
      person.hash = hash;
      person.sessions = [{ caller: { userId: sub, sessionId: session_id }, token }];
    }
    return result.outcome;
  },
  login: async (f, person) => {
    const salt = await f.passwordSalt({ email: person.email, client });
    if (!("attempt" in salt) || salt.attempt === null) return "no attempt";
    const token = newRefreshToken();
    const result = await f.login({
      attempt: salt.attempt,
      email: person.email,
      proof: hashProof(person.hash),
      tokenHash: token.hash,
      client,
    });
    if ("claims" in result) {
      const { sub, session_id } = result.claims;
      person.sessions.unshift({ caller: { userId: sub, sessionId: session_id }, token });
    }
    return result.outcome;
  },
  refresh: async (f, person) => {
    const session = person.sessions[0];
    if (!session) return "no session";
    const child = newRefreshToken();
    const { outcome } = await f.refresh({
      tokenHash: session.token.hash,
      childHash: child.hash,
      childWrapped: wrapUnder(session.token, child.secret),
      client,
    });
    return outcome;
  },
  logout: async (f, person) => {
    const session = person.sessions[person.sessions.length - 1];
    if (!session) return "no session";
    const scope = ["local", "others", "global"][person.sessions.length % 3] ?? "global";
    const { sessionId } = session.caller;
    return (await f.logout({ sessionId, tokenHash: null, scope, client })).outcome;
  },
  revokeSession: async (f, person) => {
    const [session] = person.sessions;
    const target = person.sessions[1]?.caller.sessionId;
    if (!session || !target) return "no session";
    return (await f.revokeSession({ caller: session.caller, target, client })).outcome;
  },
  changePassword: async (f, person) => {
    const [session] = person.sessions;
    if (!session) return "no session";
    const { caller } = session;
    const next = hashes.find((hash) => hash !== person.hash) ?? "";
    const salt = await f.ownPasswordSalt({ caller, isGuess: false, client });
    if (salt.outcome !== null) return salt.outcome;
    const { outcome } = await f.updateUser({
      caller,
      email: null,
      emailAsTyped: null,
      nonceMacs: null,
      mail: null,
      userMetadata: { at: person.sessions.length },
      passwordHash: next,
      attempt: (salt as { attempt: string }).attempt,
      currentProof: null,
      newProof: hashProof(next),
      client,
    });
    if (outcome === null) person.hash = next;
    return outcome;
  },
  deleteUser: async (f, person) => {
    const [session] = person.sessions;
    if (!session) return "no session";
    const { outcome } = await f.deleteUser({
      caller: session.caller,
      attempt: null,
      currentProof: null,
      client,
    });
    return outcome;
  },
};
