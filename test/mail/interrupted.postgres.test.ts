import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { exchangeCode, newVerifier, redirectedCode } from "../support/authorization_codes.ts";
import { type Instance, openInstance } from "../support/instance.ts";
import { untilWaiting } from "../support/locks.ts";
import {
  isLive,
  type Mailed,
  mailed,
  mailingProject,
  newPassword,
  redeemCode,
  redeemLink,
  reset,
  resetByCode,
  signsIn,
} from "../support/mailed.ts";
import { queuedMail } from "../support/outbox.ts";
import { calling } from "../support/own_names.ts";
import type { Reply, RequestOptions, TestProject } from "../support/project.ts";
import { hasher, hashingQuickly } from "../support/quick_hashes.ts";
import { startProxy, type TcpProxy } from "../support/tcp_proxy.ts";

type Redeem = (
  project: TestProject,
  mail: Mailed,
  options?: RequestOptions,
) => Promise<Reply<SessionReply>>;

let project: TestProject;
let proxy: TcpProxy;
let instance: Instance;
let superuser: pg.Client;

beforeAll(async () => {
  project = hashingQuickly(await mailingProject({ site_url: "https://shop.example/" }));
  const { engine, runtimeRole } = project.service;
  if (engine.kind !== "postgres") throw new Error("there is no connection to lose");
  proxy = await startProxy(engine.server.port);
  const url = proxy.through(engine.url(runtimeRole));
  instance = openInstance(project.service, { url }, { hasher });
  superuser = await engine.connect("postgres");
});
afterAll(async () => {
  await instance.close();
  await proxy.close();
  await superuser.end();
});

const kinds: [string, Mailed["type"] & ("recovery" | "magiclink" | "signup"), Redeem, string][] = [
  ["a recovery's link", "recovery", reset, "reset_password"],
  ["a recovery's code", "recovery", resetByCode, "reset_password"],
  ["a magic link", "magiclink", redeemLink, "verify_link"],
  ["a magic link's code", "magiclink", redeemCode, "verify_code"],
  ["a confirmation's link", "signup", redeemLink, "verify_link"],
];

const unavailable = { status: 503, body: { error_code: "service_unavailable" } };

/** All that a redemption changes: the token, the user, its sessions, and what its owner is told. */
async function stateOf({ email }: Mailed) {
  const [state] = await project.sql(
    `select u.password_hash, u.email_confirmed_at::text as confirmed,
       (select count(*)::int from one_time_tokens t where t.user_id = u.id) as tokens,
       (select count(*)::int from sessions s where s.user_id = u.id and s.revoked_at is null) as live,
       (select count(*)::int from audit_log a where a.user_id = u.id) as events
     from users u where u.email = $1`,
    [email],
  );
  return { state, mail: (await queuedMail(project, email)).map(({ purpose }) => purpose) };
}

/** Ends whatever runs for the instance, as `kill` of its backends does. */
async function killCalls(): Promise<void> {
  await superuser.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where usename = $1 and query like '%' || $2 || '%' and pid <> pg_backend_pid() and state <> 'idle'`,
    [project.service.runtimeRole, project.id],
  );
}

describe.each(kinds)("a crash while %s is redeemed (case 63)", (_, type, redeem, call) => {
  it.each(["one_time_tokens", "users", "audit_log", "sessions", "refresh_tokens"])(
    "before its write to %s is done changes nothing, and the same mail works again",
    async (table) => {
      const { auth } = instance;
      const mail = await mailed(project, type);
      const before = await stateOf(mail);
      await superuser.query("begin");
      // Reading goes on: what is held up is the write.
      await superuser.query(`lock table ${project.id}.${table} in share mode`);
      const cut = redeem(project, mail, { auth });
      await untilWaiting(project);
      await killCalls();
      expect(await cut).toMatchObject(unavailable);
      await superuser.query("rollback");

      expect(await stateOf(mail)).toEqual(before);
      const again = await redeem(project, mail, { auth });
      expect(again.status).toBe(200);
      expect(await isLive(project, again.body)).toBe(true);
      if (type === "recovery") expect(await signsIn(project, mail.email, newPassword)).toBe(true);
    },
  );

  it("whose link broke before the commit changes nothing, and after it has done everything", async () => {
    const { auth } = instance;
    const early = await mailed(project, type);
    const before = await stateOf(early);
    const cutBefore = proxy.once("cut before", calling(project.id, call));
    expect(await redeem(project, early, { auth })).toMatchObject(unavailable);
    await cutBefore;
    expect(await stateOf(early)).toEqual(before);
    expect((await redeem(project, early, { auth })).status).toBe(200);

    const late = await mailed(project, type);
    const cutAfter = proxy.once("cut after", calling(project.id, call));
    expect(await redeem(project, late, { auth })).toMatchObject(unavailable);
    await cutAfter;
    const { state } = await stateOf(late);
    expect(state).toMatchObject({ tokens: 0, confirmed: expect.any(String) });
    // The answer is lost; the person asks for another mail, and a reset has been made.
    expect((await redeem(project, late, { auth })).status).toBe(403);
    if (type === "recovery") expect(await signsIn(project, late.email, newPassword)).toBe(true);
  });
});

describe("backends that are killed at random", () => {
  const longestCall = 8;

  it("leave a reset wholly done or not at all, 40 times (case 63)", async () => {
    const { auth } = instance;
    let unavailable = 0;
    for (let round = 0; round < 40; round += 1) {
      const mail = await mailed(project, "recovery");
      const before = await stateOf(mail);
      const answer = reset(project, mail, { auth });
      await sleep(Math.random() * longestCall);
      for (let shot = 0; shot < 3; shot += 1) await killCalls();
      const { status } = await answer;
      expect([200, 503]).toContain(status);
      if (status === 503) unavailable += 1;
      const after = await stateOf(mail);
      if (JSON.stringify(after) === JSON.stringify(before)) {
        expect(status).toBe(503);
        expect((await reset(project, mail, { auth })).status).toBe(200);
      } else {
        expect(after.state).toMatchObject({ tokens: 0, live: 1 });
        expect(after.mail).toEqual(["password_changed"]);
        expect((await reset(project, mail, { auth })).status).toBe(403);
      }
      expect(await signsIn(project, mail.email, newPassword)).toBe(true);
    }
    // Else no shot hit.
    expect(unavailable).toBeGreaterThan(0);
  });
});

describe("a crash while an authorization code is exchanged", () => {
  it("changes nothing, and the code works again", async () => {
    const { auth } = instance;
    const { verifier, challenge } = newVerifier();
    const pkce = { code_challenge: challenge, code_challenge_method: "s256" };
    const code = await redirectedCode(project, await mailed(project, "magiclink", pkce));
    const cut = proxy.once("cut before", calling(project.id, "exchange_code"));
    expect(await exchangeCode(project, code, verifier, { auth })).toMatchObject(unavailable);
    await cut;
    const session = await exchangeCode(project, code, verifier, { auth });
    expect(session.status).toBe(200);
    expect(await isLive(project, session.body)).toBe(true);
  });
});

describe("a request for mail whose link broke", () => {
  it.each(["cut before", "cut after"] as const)(
    "%s its commit is not taken for done, and can be made again: one mail",
    async (accident) => {
      const { auth } = instance;
      const { email } = await mailed(project, "signup");
      const happened = proxy.once(accident, calling(project.id, "request_recovery"));
      expect(await project.post("/reset", { email }, { auth })).toMatchObject(unavailable);
      await happened;
      const count = async () =>
        (await queuedMail(project, email)).filter(({ purpose }) => purpose === "recovery").length;
      expect(await count()).toBe(accident === "cut after" ? 1 : 0);
      expect((await project.post("/reset", { email }, { auth })).status).toBe(200);
      expect(await count()).toBe(1);
    },
  );
});
