import { beforeAll, describe, expect, it } from "vitest";
import type { UserJson } from "../../src/database/functions.ts";
import {
  isLive,
  mailingProject,
  otpExpired,
  redeemCode,
  redeemLink,
  signsIn,
} from "../support/mailed.ts";
import { newestMail, queuedMail } from "../support/outbox.ts";
import { freshEmail, goodPassword, type Reply, type TestProject } from "../support/project.ts";

const mode = (email_confirmation: "optional" | "required" | "off") =>
  mailingProject({ email_confirmation });

async function purposesTo(project: TestProject, email: string): Promise<string[]> {
  return (await queuedMail(project, email)).map(({ purpose }) => purpose);
}

function signUp(project: TestProject, email: string): Promise<Reply<UserJson>> {
  return project.post("/signup", { email, password: goodPassword, data: { name: "Ann" } });
}

async function confirm(project: TestProject, email: string) {
  return redeemLink(project, { ...(await newestMail(project, email)), type: "signup" });
}

const taken = { status: 422, body: { error_code: "user_already_exists" } };

describe("a sign-up where the address may be confirmed later", () => {
  let project: TestProject;
  beforeAll(async () => {
    project = await mode("optional");
  });

  it("is a session at once, and a mail whose link and code prove the address", async () => {
    for (const redeem of [redeemLink, redeemCode]) {
      const email = freshEmail();
      const { user, ...session } = await project.signUp({ email });
      expect(user).not.toHaveProperty("email_confirmed_at");
      expect(user).toHaveProperty("confirmation_sent_at");
      expect(await purposesTo(project, email)).toEqual(["signup"]);
      const mail = { ...(await newestMail(project, email)), email, type: "signup" };
      const confirmed = await redeem(project, mail);
      expect(confirmed.body.user).toMatchObject({
        email,
        email_confirmed_at: expect.stringMatching(/Z$/),
        user_metadata: { email_verified: true },
        identities: [{ identity_data: { email_verified: true } }],
      });
      expect(await isLive(project, { user, ...session })).toBe(true);
      expect(await redeem(project, mail)).toMatchObject(otpExpired);
      expect(await purposesTo(project, email)).toEqual([]);
    }
  });

  it("is refused for a taken address, whose owner gets no mail for it", async () => {
    const email = freshEmail();
    await project.signUp({ email });
    expect(await signUp(project, email)).toMatchObject(taken);
    expect(await purposesTo(project, email)).toEqual(["signup"]);
    await confirm(project, email);
    expect(await signUp(project, email)).toMatchObject(taken);
    expect(await purposesTo(project, email)).toEqual([]);
  });
});

describe("a sign-up where the address is not confirmed", () => {
  it("is a session at once, and no mail", async () => {
    const project = await mode("off");
    const email = freshEmail();
    const { user } = await project.signUp({ email });
    expect(user).not.toHaveProperty("confirmation_sent_at");
    expect(await signUp(project, email)).toMatchObject(taken);
    expect(await purposesTo(project, email)).toEqual([]);
    expect(await project.sql("select from one_time_tokens")).toEqual([]);
    expect(await project.sql("select from mail_budgets")).toEqual([]);
  });
});

describe("a sign-up where the address must be confirmed", () => {
  let project: TestProject;
  beforeAll(async () => {
    project = await mode("required");
  });

  /** All that is told, with what must differ between any two users made equal. */
  function told({ status, headers, body }: Reply<UserJson>, email: string): string {
    const names = [...headers].filter(([name]) => name !== "x-request-id");
    return JSON.stringify([status, names, body])
      .replaceAll(body.id, "<id>")
      .replaceAll(body.identities[0]?.identity_id ?? "?", "<identity>")
      .replaceAll(body.created_at, "<now>")
      .replaceAll(email, "<email>");
  }

  it("opens the door only after the proof", async () => {
    const email = freshEmail();
    const { body } = await signUp(project, email);
    expect(body).not.toHaveProperty("access_token");
    expect(await project.post("/token", { email, password: goodPassword })).toMatchObject({
      status: 400,
      body: { error_code: "email_not_confirmed" },
    });
    expect(await purposesTo(project, email)).toEqual(["signup"]);
    const confirmed = await confirm(project, email);
    expect(confirmed).toMatchObject({ status: 200, body: { user: { id: body.id } } });
    expect(await signsIn(project, email)).toBe(true);
  });

  it("tells the same, byte for byte, of a new address, an unproved one and a proved one (case 10)", async () => {
    const [fresh, unproved, proved] = [freshEmail(), freshEmail(), freshEmail()];
    await signUp(project, unproved);
    await signUp(project, proved);
    await confirm(project, proved);
    const answers = new Set<string>();
    for (const email of [fresh, unproved, proved]) {
      const reply = await signUp(project, email);
      expect(reply.body.confirmation_sent_at).toBe(reply.body.created_at);
      answers.add(told(reply, email));
    }
    expect(answers.size).toBe(1);
    expect(await purposesTo(project, fresh)).toEqual(["signup"]);
    expect(await purposesTo(project, unproved)).toEqual(["signup"]);
    expect(await purposesTo(project, proved)).toEqual(["account_exists"]);
  });

  it("tells the same when too much mail went to the address, and then sends nothing", async () => {
    const limited = await mailingProject({ email_confirmation: "required", mail_interval: 60 });
    const [fresh, proved, other] = [freshEmail(), freshEmail(), freshEmail()];
    await signUp(limited, proved);
    await confirm(limited, proved);
    for (const email of [fresh, other]) await limited.post("/reset", { email });
    const waiting = await queuedMail(limited);
    const answers = new Set<string>();
    for (const email of [fresh, proved, other])
      answers.add(told(await signUp(limited, email), email));
    expect(answers.size).toBe(1);
    expect(await queuedMail(limited)).toEqual(waiting);
  });

  it("can have its mail again, until the address is proved", async () => {
    const email = freshEmail();
    await signUp(project, email);
    const first = await newestMail(project, email);
    const again = () => project.post("/resend", { type: "signup", email });
    expect(await again()).toMatchObject({ status: 200, body: {} });
    expect(await redeemLink(project, { ...first, type: "signup" })).toMatchObject(otpExpired);
    expect((await confirm(project, email)).status).toBe(200);
    expect(await again()).toMatchObject({ status: 200, body: {} });
    expect(await purposesTo(project, email)).toEqual([]);
  });

  it("is no way around: a magic link proves the address that it signs in", async () => {
    const email = freshEmail();
    await project.post("/magiclink", { email });
    const mail = { ...(await newestMail(project, email)), email, type: "email" };
    const session = await redeemCode(project, mail);
    expect(session.body.user).toHaveProperty("email_confirmed_at");
  });
});
