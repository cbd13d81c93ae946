import { setTimeout as sleep } from "node:timers/promises";
import type { Auth } from "../../src/auth.ts";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { claimsOf } from "../support/jwt.ts";
import { freshEmail, goodPassword, type TestProject } from "../support/project.ts";

export const outageCalls = ["refresh", "user", "token", "logout"] as const;

/** What a client was told, and what had become of Postgres when it asked and when it heard. */
export interface Answer {
  readonly call: (typeof outageCalls)[number];
  readonly status: number;
  readonly retryAfter: string | null;
  readonly asked: string;
  readonly heard: string;
  /** On the clock of `performance.now()`. */
  readonly heardAt: number;
  /** Who asked. */
  readonly email: string;
}

/** Honest clients that go on asking whatever they are told, each with a user of its own. */
export interface OutageLoad {
  readonly answers: readonly Answer[];
  /** Sessions of which a logout was acknowledged. */
  readonly loggedOut: readonly string[];
  /** Says what becomes of Postgres now. */
  enter(phase: string): void;
  /** Until every client was answered once more, whatever the answer. */
  asked(): Promise<void>;
  /** Until every client was served once more with everything it asks for. */
  served(): Promise<void>;
  stop(): Promise<void>;
}

interface Client {
  readonly email: string;
  session: SessionReply;
  /** Sessions to log out of. */
  readonly spare: SessionReply[];
  rounds: number;
  goodRounds: number;
}

const pause = 20;

export async function startOutageLoad(
  project: TestProject,
  auth: Auth,
  size: number,
): Promise<OutageLoad> {
  const answers: Answer[] = [];
  const loggedOut: string[] = [];
  let phase = "calm";
  let isStopping = false;

  async function ask(email: string, call: Answer["call"], path: string, options: object) {
    const asked = phase;
    const { status, headers, body } = await project.request<SessionReply>(path, {
      ...options,
      auth,
    });
    const retryAfter = headers.get("Retry-After");
    const heardAt = performance.now();
    answers.push({ call, status, retryAfter, asked, heard: phase, heardAt, email });
    return status < 300 ? { body } : undefined;
  }

  async function round(client: Client): Promise<boolean> {
    const { email, spare } = client;
    const post = (body: object) => ({ method: "POST", body });
    const { refresh_token } = client.session;
    const refreshed = await ask(email, "refresh", "/refresh", post({ refresh_token }));
    if (refreshed) client.session = refreshed.body;
    const user = await ask(email, "user", "/user", { token: client.session.access_token });
    const signedIn = await ask(email, "token", "/token", post({ email, password: goodPassword }));
    if (signedIn) spare.push(signedIn.body);
    const token = spare[0]?.access_token;
    const ended =
      token && (await ask(email, "logout", "/logout?scope=local", { method: "POST", token }));
    if (ended) {
      spare.shift();
      loggedOut.push(String(claimsOf(token).session_id));
    }
    return [refreshed, user, signedIn, ended].every(Boolean);
  }

  const clients = await Promise.all(
    Array.from({ length: size }, async (): Promise<Client> => {
      const email = freshEmail();
      const body = { email, password: goodPassword };
      const { body: session } = await project.post<SessionReply>("/signup", body, { auth });
      const spare = [(await project.post<SessionReply>("/token", body, { auth })).body];
      return { email, session, spare, rounds: 0, goodRounds: 0 };
    }),
  );
  const running = clients.map(async (client) => {
    while (!isStopping) {
      const isGood = await round(client);
      client.rounds += 1;
      if (isGood) client.goodRounds += 1;
      else await sleep(pause);
    }
  });
  // One that fails is heard by whoever waits, and not before.
  const whole = Promise.all(running);
  whole.catch(() => {});

  // Twice: the round that is under way may have begun before.
  async function oncePer(count: (client: Client) => number): Promise<void> {
    const least = clients.map((client) => count(client) + 2);
    const isDone = () => clients.every((client, index) => count(client) >= (least[index] ?? 0));
    while (!isDone()) await Promise.race([sleep(5), whole]);
  }

  return {
    answers,
    loggedOut,
    enter(next) {
      phase = next;
    },
    asked: () => oncePer(({ rounds }) => rounds),
    served: () => oncePer(({ goodRounds }) => goodRounds),
    async stop() {
      isStopping = true;
      await whole;
    },
  };
}
