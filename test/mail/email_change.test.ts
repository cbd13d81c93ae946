import { beforeAll, describe, expect, it } from "vitest";
import { projectFunctions, type UserJson } from "../../src/database/functions.ts";
import { parseOneTimeToken } from "../../src/mail/one_time_token.ts";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { ageSession, sessionIdOf } from "../support/age.ts";
import {
  askFor,
  isLive,
  mailingProject,
  otpExpired,
  redeemCode,
  redeemLink,
  signsIn,
} from "../support/mailed.ts";
import { newestMail, queuedMail } from "../support/outbox.ts";
import { freshEmail, goodPassword, type Reply, type TestProject } from "../support/project.ts";

type Modes = "both" | "new";
const projects: Partial<Record<Modes, TestProject>> = {};
let project: TestProject;
beforeAll(async () => {
  for (const mode of ["both", "new"] as const) {
    projects[mode] = await mailingProject({ email_change_confirmation: mode });
  }
  project = projects.both as TestProject;
});

/** A signed-in user whose address was proved, long ago. */
async function proved(of = project) {
  const email = freshEmail();
  await of.signUp({ email });
  const mail = await newestMail(of, email);
  const { body } = await redeemLink(of, { ...mail, type: "signup" });
  await of.sql("update users set email_confirmed_at = '2001-01-01' where email = $1", [email]);
  return { email, session: body };
}

function change(
  { access_token: token }: SessionReply,
  body: object,
  of = project,
): Promise<Reply<UserJson & { error_code?: string }>> {
  return of.request("/user", { method: "PATCH", token, body });
}

async function asked(of = project) {
  const { email, session } = await proved(of);
  const next = freshEmail();
  const reply = await change(session, { email: next }, of);
  expect(reply).toMatchObject({ status: 200, body: { email, new_email: next } });
  return { email, next, session };
}

async function linkTo(address: string, of = project) {
  const { token, code, purpose } = await newestMail(of, address);
  return { token, code, purpose, email: address, type: "email_change" };
}

async function addressOf({ access_token: token }: SessionReply, of = project): Promise<string> {
  return (await of.request<UserJson>("/user", { token })).body.email;
}

const halfDone = { status: 200, body: { code: "200", msg: expect.any(String) } };

describe("a change of address that both addresses must prove (case 69)", () => {
  it.each([
    ["the new one first", "next", "email"],
    ["the old one first", "email", "next"],
  ] as const)(
    "changes nothing after one proof and everything after both: %s",
    async (_, first, second) => {
      for (const redeem of [redeemLink, redeemCode]) {
        const wish = await asked();
        const half = await redeem(project, await linkTo(wish[first]));
        expect(half).toMatchObject(halfDone);
        expect(half.body).not.toHaveProperty("access_token");
        expect(await addressOf(wish.session)).toBe(wish.email);
        expect(await signsIn(project, wish.next)).toBe(false);

        const whole = await redeem(project, await linkTo(wish[second]));
        expect(whole).toMatchObject({
          status: 200,
          body: {
            user: {
              email: wish.next,
              // By its own proof, not by that of the old address.
              email_confirmed_at: expect.stringMatching(/^20[2-9]/),
              identities: [{ identity_data: { email: wish.next, email_verified: true } }],
            },
          },
        });
        expect(whole.body.user).not.toHaveProperty("new_email");
        expect(await isLive(project, wish.session)).toBe(true);
        expect(await signsIn(project, wish.email)).toBe(false);
        expect(await signsIn(project, wish.next)).toBe(true);
        const told = await queuedMail(project, wish.email);
        expect(told.map(({ purpose, data }) => [purpose, data.new_email])).toEqual([
          ["email_changed", wish.next],
        ]);
      }
    },
  );

  it("is not done by one address alone, however often it proves itself", async () => {
    const { email, next, session } = await asked();
    expect(await redeemLink(project, await linkTo(next))).toMatchObject(halfDone);
    await askFor(project, "/resend", { type: "email_change", email: next });
    await change(session, { email: next });
    expect(await redeemLink(project, await linkTo(next))).toMatchObject(halfDone);
    expect(await addressOf(session)).toBe(email);
  });

  it("is mailed again to the side that is named, whose earlier link is over", async () => {
    const { email, next, session } = await asked();
    const links = { email: await linkTo(email), next: await linkTo(next) };
    await askFor(project, "/resend", { type: "email_change", email });
    expect((await newestMail(project, email)).data.new_email).toBe(next);
    expect(await linkTo(next)).toEqual(links.next);
    expect(await redeemLink(project, links.email)).toMatchObject(otpExpired);

    expect(await redeemLink(project, links.next)).toMatchObject(halfDone);
    await askFor(project, "/resend", { type: "email_change", email });
    const last = await linkTo(email);
    expect(last.purpose).toBe("email_change_current");
    expect((await redeemCode(project, last)).body.user.email).toBe(next);
    expect(await addressOf(session)).toBe(next);
  });

  it("is not mailed again to a side that has proved itself", async () => {
    const { email, next } = await asked();
    expect(await redeemLink(project, await linkTo(email))).toMatchObject(halfDone);
    const before = await queuedMail(project, email);
    await askFor(project, "/resend", { type: "email_change", email });
    expect(await queuedMail(project, email)).toEqual(before);
    await askFor(project, "/resend", { type: "email_change", email: next });
    expect((await redeemLink(project, await linkTo(next))).body.user.email).toBe(next);
  });

  it("is replaced by a later wish, of which the earlier one's proofs are no part", async () => {
    const { email, next, session } = await asked();
    const [oldNew, oldCurrent] = [await linkTo(next), await linkTo(email)];
    expect(await redeemLink(project, oldNew)).toMatchObject(halfDone);
    const other = freshEmail();
    expect((await change(session, { email: other })).status).toBe(200);
    for (const link of [oldNew, oldCurrent]) {
      expect(await redeemLink(project, link)).toMatchObject(otpExpired);
    }
    expect(await redeemLink(project, await linkTo(email))).toMatchObject(halfDone);
    expect(await addressOf(session)).toBe(email);
    expect((await redeemLink(project, await linkTo(other))).body.user.email).toBe(other);
  });

  it("asks the new address alone where the old one was never proved: who mistyped it must get away", async () => {
    const session = await project.signUp();
    const next = freshEmail();
    expect((await change(session, { email: next })).status).toBe(200);
    const purposes = (await queuedMail(project, session.user.email)).map(({ purpose }) => purpose);
    expect(purposes).toEqual(["signup"]);
    const done = await redeemLink(project, await linkTo(next));
    expect(done.body.user).toMatchObject({ email: next });
    expect(await queuedMail(project, session.user.email)).toEqual([]);
  });

  it("wants a recent session, the current password or the nonce", async () => {
    const { email, session } = await proved();
    await ageSession(project, sessionIdOf(session), "25 hours");
    const { body: aged } = await project.post<SessionReply>("/refresh", {
      refresh_token: session.refresh_token,
    });
    const next = freshEmail();
    const refused = await change(aged, { email: next });
    expect(refused).toMatchObject({ status: 400, body: { error_code: "reauthentication_needed" } });
    const wrong = await change(aged, { email: next, current_password: "not the password" });
    expect(wrong).toMatchObject({ body: { error_code: "current_password_invalid" } });
    expect(await queuedMail(project, next)).toEqual([]);
    const right = await change(aged, { email: next, current_password: goodPassword });
    expect(right).toMatchObject({ status: 200, body: { email, new_email: next } });
  });

  it("to the address that it has is no change, and sends nothing", async () => {
    const { email, session } = await proved();
    const reply = await change(session, { email: email.toUpperCase() });
    expect(reply.status).toBe(200);
    expect(reply.body).not.toHaveProperty("new_email");
    expect(await queuedMail(project, email)).toEqual([]);
  });
});

describe("a change of address that the new one proves (case 69)", () => {
  it("needs that one's proof, and is told to the old one", async () => {
    const of = projects.new as TestProject;
    const { email, next, session } = await asked(of);
    expect(await queuedMail(of, email)).toEqual([]);
    const done = await redeemLink(of, await linkTo(next, of));
    expect(done.body.user).toMatchObject({ email: next });
    expect(await addressOf(session, of)).toBe(next);
    const told = await queuedMail(of, email);
    expect(told.map(({ purpose, token }) => [purpose, token])).toEqual([["email_changed", null]]);
  });

  it("is not mailed to the old one, nor when that asks for it again", async () => {
    const of = projects.new as TestProject;
    const { email } = await asked(of);
    await askFor(of, "/resend", { type: "email_change", email });
    expect(await queuedMail(of, email)).toEqual([]);
  });

  it("never is done by the old one's proof, even if it was asked for under the other rule", async () => {
    const of = await mailingProject({ email_change_confirmation: "both" });
    const { email, next, session } = await asked(of);
    await of.sql("update settings set email_change_confirmation = 'new'");
    expect(await redeemLink(of, await linkTo(email, of))).toMatchObject(halfDone);
    expect(await addressOf(session, of)).toBe(email);
    expect((await redeemLink(of, await linkTo(next, of))).body.user.email).toBe(next);
  });
});

describe("a change to an address that somebody has (case 69)", () => {
  it.each(["both", "new"] as const)(
    "is answered like any other, is told to its owner and can never be proved: %s",
    async (mode) => {
      const of = projects[mode] as TestProject;
      const [user, victim] = [await proved(of), await proved(of)];
      const free = freshEmail();
      const toFree = await change(user.session, { email: free }, of);
      const toTaken = await change(user.session, { email: victim.email }, of);
      const alike = (reply: typeof toFree, next: string) =>
        JSON.stringify([reply.status, reply.body])
          .replaceAll(next, "<next>")
          .replaceAll(reply.body.updated_at, "<now>")
          .replaceAll(String(reply.body.email_change_sent_at), "<now>");
      expect(alike(toTaken, victim.email)).toBe(alike(toFree, free));

      const told = await queuedMail(of, victim.email);
      expect(told.map(({ purpose, token, code }) => [purpose, token, code])).toEqual([
        ["account_exists", null, null],
      ]);
      const own = (await queuedMail(of, user.email)).map(({ token }) => token);
      await askFor(of, "/resend", { type: "email_change", email: victim.email });
      expect(await queuedMail(of, victim.email)).toHaveLength(1);
      // Nor does the user's own mailbox tell that nothing was sent there.
      expect((await queuedMail(of, user.email)).map(({ token }) => token)).toEqual(own);
      // Not even when it is free again.
      await of.request("/user", { method: "DELETE", token: victim.session.access_token });
      await askFor(of, "/resend", { type: "email_change", email: victim.email });
      expect(await queuedMail(of, victim.email)).toEqual([]);
      expect(
        await of.sql("select purpose from one_time_tokens where email = $1", [victim.email]),
      ).toEqual([]);
    },
  );

  it("looks the same to who asked for it, once the mail has left, whether or not somebody has the address (case 10)", async () => {
    const of = projects.new as TestProject;
    const free = await asked(of);
    const mail = await linkTo(free.next, of);
    const taken = await proved(of);
    const other = await proved(of);
    await change(other.session, { email: taken.email }, of);
    const timesOf = async ({ session }: { session: SessionReply }) => {
      const user = await of.request<UserJson>("/user", { token: session.access_token });
      return [user.body.email_change_sent_at, user.body.updated_at];
    };
    const before = [await timesOf(free), await timesOf(other)];
    const { hash } = parseOneTimeToken(mail.token) ?? { hash: Buffer.alloc(32) };
    expect(await projectFunctions(of.service.runtime, of.id).startTokenLife(hash)).toBe(true);
    expect([await timesOf(free), await timesOf(other)]).toEqual(before);
  });

  it("is refused at the proof where it was taken in between, and the address stays its owner's", async () => {
    const of = projects.new as TestProject;
    const { email, next, session } = await asked(of);
    const link = await linkTo(next, of);
    const owner = await of.signUp({ email: next });
    expect(await redeemLink(of, link)).toMatchObject({
      status: 422,
      body: { error_code: "email_exists" },
    });
    expect(await addressOf(session, of)).toBe(email);
    expect(await addressOf(owner, of)).toBe(next);
    expect(await redeemLink(of, link)).toMatchObject(otpExpired);
    const { body } = await of.request<UserJson>("/user", { token: session.access_token });
    expect(body).not.toHaveProperty("new_email");
    expect((await change(session, { email: freshEmail() }, of)).status).toBe(200);
  });

  it("goes to the first of two users who prove it", async () => {
    const of = projects.new as TestProject;
    const [first, second] = [await asked(of), await proved(of)];
    const firstLink = await linkTo(first.next, of);
    await change(second.session, { email: first.next }, of);
    const secondLink = await linkTo(first.next, of);
    expect((await redeemLink(of, secondLink)).body.user.email).toBe(first.next);
    expect(await redeemLink(of, firstLink)).toMatchObject({
      body: { error_code: "email_exists" },
    });
    expect(await addressOf(first.session, of)).toBe(first.email);
  });
});

describe.each(["a free address", "an address that somebody has"])(
  "a change to %s that has ended (case 69)",
  (kind) => {
    /** A user who waits for its new address, and what that address was mailed. */
    async function waiting() {
      const of = projects.new as TestProject;
      const { email, session } = await proved(of);
      const next = kind === "a free address" ? freshEmail() : (await proved(of)).email;
      expect((await change(session, { email: next }, of)).body.new_email).toBe(next);
      return { of, email, next, session };
    }

    async function newEmail(of: TestProject, { access_token: token }: SessionReply) {
      const { body } = await of.request<UserJson>("/user", { token });
      return [body.new_email, body.email_change_sent_at];
    }

    it("is not shown after a magic link that was used", async () => {
      const { of, email, session } = await waiting();
      await askFor(of, "/magiclink", { email });
      const { body } = await redeemLink(of, {
        ...(await newestMail(of, email)),
        type: "magiclink",
      });
      expect(body.user).not.toHaveProperty("new_email");
      expect(await newEmail(of, session)).toEqual([undefined, undefined]);
    });

    it("is not shown after a new password", async () => {
      const { of, session } = await waiting();
      const reply = await change(session, { password: "another perfectly fine phrase" }, of);
      expect(reply.status).toBe(200);
      expect(reply.body).not.toHaveProperty("new_email");
      expect(await newEmail(of, session)).toEqual([undefined, undefined]);
    });

    it("gives way to the wish that comes with a new password", async () => {
      const { of, session } = await waiting();
      const other = freshEmail();
      const both = { password: "another perfectly fine phrase", email: other };
      expect((await change(session, both, of)).body.new_email).toBe(other);
      expect(await newEmail(of, session)).toEqual([other, expect.any(String)]);
    });

    it("is not shown after everybody was signed out", async () => {
      const { of, email, session } = await waiting();
      await of.request("/logout", { method: "POST", token: session.access_token });
      await of.sql("select sign_out_users(1000, null)");
      const { body } = await of.post<SessionReply>("/token", { email, password: goodPassword });
      expect(body.user).not.toHaveProperty("new_email");
    });

    it("is shown for two days, in which it may be mailed again, and no longer", async () => {
      const { of, next, session } = await waiting();
      const age = (hours: number) =>
        of.sql(
          "update users set email_change_sent_at = now() - $2 * interval '1 hour' where id = $1",
          [session.user.id, hours],
        );
      await age(47);
      expect(await newEmail(of, session)).toEqual([next, expect.any(String)]);
      await age(49);
      expect(await newEmail(of, session)).toEqual([undefined, undefined]);
    });
  },
);

it("a change of address cannot be proved after two days, nor mailed again, however often it was in time (case 69)", async () => {
  const { email, next, session } = await asked();
  await askFor(project, "/resend", { type: "email_change", email: next });
  const links = [await linkTo(next), await linkTo(email)];
  await project.sql(
    "update users set email_change_sent_at = now() - interval '49 hours' where id = $1",
    [session.user.id],
  );
  for (const link of links) {
    expect(await redeemLink(project, link)).toMatchObject(otpExpired);
    expect(await redeemCode(project, link)).toMatchObject(otpExpired);
  }
  for (const address of [next, email]) {
    const before = await queuedMail(project, address);
    await askFor(project, "/resend", { type: "email_change", email: address });
    expect(await queuedMail(project, address)).toEqual(before);
  }
});
