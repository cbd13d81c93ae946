import { beforeAll, expect, it } from "vitest";
import { redeemableTypes } from "../../src/mail/redeem.ts";
import {
  type Mailed,
  mailed,
  mailingProject,
  otpExpired,
  redeemCode,
  redeemLink,
  reset,
  resetByCode,
} from "../support/mailed.ts";
import { newestMail } from "../support/outbox.ts";
import { freshEmail, type TestProject } from "../support/project.ts";
import { serviceToken } from "../support/service_token.ts";
import { countRows } from "../support/sessions.ts";

let project: TestProject;
beforeAll(async () => {
  project = await mailingProject();
});

type Mail = Pick<Mailed, "email" | "token" | "code">;

async function invited(): Promise<Mail> {
  const email = freshEmail();
  const token = serviceToken(project);
  expect((await project.post("/invite", { email }, { token })).status).toBe(200);
  return { ...(await newestMail(project, email)), email };
}

/** What each of the addresses of a change was sent. */
async function changing(): Promise<{ readonly old: Mail; readonly next: Mail }> {
  const session = await project.signUp();
  const { email } = session.user;
  await project.sql("update users set email_confirmed_at = now() where email = $1", [email]);
  const next = freshEmail();
  const token = session.access_token;
  await project.request("/user", { method: "PATCH", token, body: { email: next } });
  return {
    old: { ...(await newestMail(project, email)), email },
    next: { ...(await newestMail(project, next)), email: next },
  };
}

async function nonce(): Promise<Mail> {
  const { access_token: token, user } = await project.signUp();
  expect((await project.request("/reauthenticate", { token })).status).toBe(200);
  return { ...(await newestMail(project, user.email)), email: user.email };
}

const kinds: [string, readonly string[], () => Promise<Mail>][] = [
  ["a confirmation", ["signup", "email"], () => mailed(project, "signup")],
  ["a magic link", ["magiclink", "email"], () => mailed(project, "magiclink")],
  ["a recovery", ["recovery", "reset"], () => mailed(project, "recovery")],
  ["an invitation", ["invite"], invited],
  ["a change of address, to the new one", ["email_change"], async () => (await changing()).next],
  ["a change of address, to the old one", ["email_change"], async () => (await changing()).old],
  ["a reauthentication", [], nonce],
];

it.each(kinds)(
  "what %s brings is good for %j and nothing else, and is not consumed elsewhere (case 65)",
  async (_, own, bring) => {
    const mail = await bring();
    const sessions = await countRows(project, "sessions");
    // A mail without a link has no token to bring.
    const token = mail.token || "A".repeat(43);
    for (const type of redeemableTypes.filter((each) => !own.includes(each))) {
      expect(await redeemLink(project, { type, token })).toMatchObject(otpExpired);
      expect(await redeemCode(project, { ...mail, type })).toMatchObject(otpExpired);
    }
    if (!own.includes("reset")) {
      expect(await reset(project, { token })).toMatchObject(otpExpired);
      expect(await resetByCode(project, mail)).toMatchObject(otpExpired);
    }
    expect(await countRows(project, "sessions")).toBe(sessions);

    const [type] = own;
    if (type) expect((await redeemLink(project, { type, token })).status).toBe(200);
  },
);
