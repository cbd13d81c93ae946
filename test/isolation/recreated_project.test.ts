import { describe, expect, it } from "vitest";
import type { OutgoingMail } from "../../src/mail/transports/transport.ts";
import { createProject } from "../../src/projects/create_project.ts";
import { deleteProject } from "../../src/projects/delete_project.ts";
import { exchangeCode, newVerifier, redirectedCode } from "../support/authorization_codes.ts";
import { deliverFrom, emptyOutbox } from "../support/delivery.ts";
import { claimsOf, craftToken } from "../support/jwt.ts";
import {
  askFor,
  mailed,
  mailingProject,
  otpExpired,
  redeemCode,
  redeemLink,
  reset,
  resetByCode,
} from "../support/mailed.ts";
import { newestMail } from "../support/outbox.ts";
import { openPage } from "../support/pages.ts";
import {
  createTestProject,
  freshEmail,
  openTestProject,
  type TestProject,
} from "../support/project.ts";
import { serviceToken } from "../support/service_token.ts";
import { freshServer } from "../support/signing_keys.ts";

/** Deletes a project and makes another one of the same name. */
async function recreate(old: TestProject, jwtSecret?: string): Promise<TestProject> {
  const { service, id } = old;
  await deleteProject(service.admin, id);
  const created = await createProject(service.admin, {
    id,
    keyring: service.keyring,
    ...(jwtSecret === undefined ? {} : { jwtSecret }),
  });
  return openTestProject(service, id, created.jwtSecret);
}

describe("a project that was deleted and made again under its name", () => {
  it("knows nothing of the old one: no token, no user, no mail (case 127)", async () => {
    const old = await createTestProject();
    const session = await old.signUp();
    const [{ owner_role: owner } = { owner_role: "" }] = await old.service.engine.query<{
      owner_role: string;
    }>("select owner_role from miosa_auth.projects where id = $1", [old.id]);
    await old.service.engine.query(
      `insert into miosa_auth.outbox (project_id, owner_role, purpose, recipient, payload)
       values ($1, $2, 'reset', 'a@b.test', '\\x00')`,
      [old.id, owner],
    );

    const fresh = await recreate(old);
    expect(fresh.jwtSecret).not.toBe(old.jwtSecret);
    const auth = await freshServer();
    for (const token of [
      session.access_token,
      craftToken({ payload: claimsOf(session.access_token), sign: old.jwtSecret }),
      craftToken({ payload: { role: "service_role" }, sign: old.jwtSecret }),
    ]) {
      const { status, body } = await fresh.request("/user", { token, auth });
      expect({ status, code: body.error_code }).toEqual({ status: 401, code: "bad_jwt" });
    }
    const refresh = await fresh.post(
      "/refresh",
      { refresh_token: session.refresh_token },
      { auth },
    );
    expect({ status: refresh.status, code: refresh.body.error_code }).toEqual({
      status: 400,
      code: "refresh_token_not_found",
    });
    expect(
      await fresh.service.engine.query("select from miosa_auth.outbox where project_id = $1", [
        old.id,
      ]),
    ).toEqual([]);
    expect(await fresh.sql("select email from users")).toEqual([]);
    await auth.close();
  });

  it("takes no old token even where it was given the old secret (case 127)", async () => {
    const old = await createTestProject();
    const { access_token: token } = await old.signUp();
    const fresh = await recreate(old, old.jwtSecret);
    const auth = await freshServer();
    for (const path of ["/user", "/sessions"]) {
      const { status, body } = await fresh.request(path, { token, auth });
      expect({ status, code: body.error_code }).toEqual({ status: 401, code: "user_not_found" });
    }
    const proved = await fresh.transaction(async (query) => {
      await query("select set_config('jwt.token', $1, true)", [token]);
      return query("select verified_uid(), live_uid()");
    });
    expect(proved).toEqual([{ verified_uid: null, live_uid: null }]);
    await auth.close();
  });

  it("is served by a server that still holds the old one's keys, and never as the old one (case 127)", async () => {
    const old = await createTestProject();
    const session = await old.signUp();
    const { auth } = old.service;
    expect((await old.request("/user", { token: session.access_token, auth })).status).toBe(200);
    const fresh = await recreate(old);
    const stale = await fresh.request("/user", { token: session.access_token, auth });
    expect(stale.status).toBe(401);
    const { refresh_token } = session;
    expect((await fresh.post("/refresh", { refresh_token }, { auth })).status).toBe(400);
  });

  it("opens nothing by what was mailed for the old one, though the same people are its users (case 127)", async () => {
    const old = await mailingProject({ site_url: "https://shop.example/" });
    const { verifier, challenge } = newVerifier();
    const invited = freshEmail();
    await old.post("/invite", { email: invited }, { token: serviceToken(old) });
    const mails = [
      await mailed(old, "signup"),
      await mailed(old, "recovery"),
      await mailed(old, "magiclink"),
      { ...(await newestMail(old, invited)), email: invited, type: "invite" },
    ];
    const pkce = { code_challenge: challenge, code_challenge_method: "s256" };
    const code = await redirectedCode(old, await mailed(old, "magiclink", pkce));

    const fresh = await recreate(old);
    for (const { email } of mails) await fresh.signUp({ email });
    const auth = await freshServer();
    for (const mail of mails) {
      for (const redeem of [redeemLink, redeemCode, reset, resetByCode]) {
        expect(await redeem(fresh, mail, { auth }), mail.type).toMatchObject(otpExpired);
      }
      const page = await openPage(fresh, `/verify?token=${mail.token}&type=${mail.type}`);
      expect(page.status, mail.type).toBe(403);
    }
    expect(await exchangeCode(fresh, code, verifier, { auth })).toMatchObject({
      status: 404,
      body: { error_code: "flow_state_not_found" },
    });
    expect(await fresh.sql("select from users where email_confirmed_at is not null")).toEqual([]);
    for (const { email } of mails) {
      const { token } = await newestMail(fresh, email);
      expect((await redeemLink(fresh, { type: "signup", token }, { auth })).status).toBe(200);
    }
    await auth.close();
  });

  it("is not entered by a mail that left while the old one was deleted (case 127)", async () => {
    const old = await mailingProject();
    const email = freshEmail();
    await old.signUp({ email });
    await emptyOutbox(old.service);
    await askFor(old, "/magiclink", { email });
    let fresh = old;
    const sent: OutgoingMail[] = [];
    const transport = {
      async send(mail: OutgoingMail) {
        fresh = await recreate(old);
        sent.push(mail);
      },
      async close() {},
    };
    const from = { name: "", address: "auth@shop.example" };
    const delivery = deliverFrom(old.service, { transport, from, replyTo: null });
    await delivery.drain();
    await delivery.drain();
    await delivery.stop();
    await fresh.signUp({ email });
    expect(sent).toHaveLength(1);
    const link = { type: "magiclink", token: sent[0]?.token ?? "" };
    expect(await redeemLink(fresh, link)).toMatchObject(otpExpired);
  });
});
