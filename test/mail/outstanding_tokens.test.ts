import { beforeAll, describe, expect, it } from "vitest";
import {
  askFor,
  mailed,
  mailingProject,
  otpExpired,
  redeemCode,
  redeemLink,
  reset,
  resetByCode,
  signsIn,
} from "../support/mailed.ts";
import { newestMail, queuedMail } from "../support/outbox.ts";
import { freshEmail, type TestProject } from "../support/project.ts";

let project: TestProject;
beforeAll(async () => {
  project = await mailingProject();
});

describe("what a user was mailed beside the token that is used", () => {
  const uses = [
    ["a magic link", "/magiclink", "magiclink", redeemLink],
    ["the code of a magic link", "/magiclink", "magiclink", redeemCode],
    ["a link of recovery that signs in", "/reset", "recovery", redeemLink],
    ["a code of recovery that signs in", "/reset", "recovery", redeemCode],
    ["a link that sets a password", "/reset", "recovery", reset],
    ["a code that sets a password", "/reset", "recovery", resetByCode],
  ] as const;

  it.each(uses)(
    "is dead after %s, both as link and as code (case 62)",
    async (_, path, type, use) => {
      const signup = await mailed(project, "signup");
      const { email } = signup;
      // Of an address that was proved before: the first proof takes all that was there away, whatever is used.
      await project.sql("update users set email_confirmed_at = now() where email = $1", [email]);
      const otherPath = path === "/reset" ? "/magiclink" : "/reset";
      await askFor(project, otherPath, { email });
      const other = await newestMail(project, email);
      await askFor(project, path, { email });
      const mail = await newestMail(project, email);
      expect((await use(project, { ...mail, email, type })).status).toBe(200);

      const left = { ...other, email, type: type === "recovery" ? "magiclink" : "recovery" };
      for (const redeem of [redeemLink, redeemCode, reset, resetByCode]) {
        expect(await redeem(project, left)).toMatchObject(otpExpired);
        expect(await redeem(project, signup)).toMatchObject(otpExpired);
        expect(await redeem(project, { ...mail, email, type })).toMatchObject(otpExpired);
      }
    },
  );

  it.each(["both", "new"] as const)(
    "is over with a reset of the password, and asking for it again mails nothing: a change of address proved by %s (cases 62, 69)",
    async (email_change_confirmation) => {
      const of = await mailingProject({ email_change_confirmation });
      const { email, session } = await mailed(of, "signup");
      await of.sql("update users set email_confirmed_at = now() where email = $1", [email]);
      const [next, token] = [freshEmail(), session.access_token];
      const body = { email: next };
      expect((await of.request("/user", { method: "PATCH", token, body })).status).toBe(200);
      const change = { ...(await newestMail(of, next)), email: next, type: "email_change" };
      await askFor(of, "/reset", { email });
      const { body: owner } = await reset(of, await newestMail(of, email));

      await askFor(of, "/resend", { type: "email_change", email: next });
      expect(await queuedMail(of, next)).toEqual([]);
      for (const redeem of [redeemLink, redeemCode]) {
        expect(await redeem(of, change)).toMatchObject(otpExpired);
      }
      const user = await of.request("/user", { token: owner.access_token });
      expect(user.body.email).toBe(email);
      for (const shown of [owner.user, user.body]) {
        expect(shown).not.toHaveProperty("new_email");
        expect(shown).not.toHaveProperty("email_change_sent_at");
      }
    },
  );

  it("opens nothing after the user was deleted, nor for who has the address then (case 39)", async () => {
    const mails = [await mailed(project, "magiclink"), await mailed(project, "recovery")];
    for (const mail of mails) {
      await project.sql("delete from users where id = $1", [mail.session.user.id]);
    }
    const [magic, recovery] = mails;
    for (const mail of mails) await project.signUp({ email: mail.email });
    for (const redeem of [redeemLink, redeemCode, reset, resetByCode]) {
      for (const mail of [magic, recovery]) {
        expect(mail && (await redeem(project, mail))).toMatchObject(otpExpired);
      }
    }
    for (const { email } of mails) expect(await signsIn(project, email)).toBe(true);
  });
});
