import { type EmailOtpType, GoTrueAdminApi, type GoTrueClient } from "@supabase/auth-js";
import { beforeAll, describe, expect, it } from "vitest";
import { ageSession, sessionIdOf } from "../support/age.ts";
import { appClient } from "../support/auth_js.ts";
import { redirectedCode } from "../support/authorization_codes.ts";
import { mailingProject, newPassword, wrongCode } from "../support/mailed.ts";
import { newestMail, queuedMail } from "../support/outbox.ts";
import { freshEmail, goodPassword, type TestProject } from "../support/project.ts";
import { serviceToken } from "../support/service_token.ts";

const site = "https://shop.example/welcome";
const page = "https://shop.example/account";

let project: TestProject;
beforeAll(async () => {
  project = await mailingProject({ site_url: site });
});

async function signedUp(at = project) {
  const client = appClient(at);
  const email = freshEmail();
  const { data, error } = await client.signUp({ email, password: goodPassword });
  expect(error).toBeNull();
  return { client, email, session: data.session };
}

async function isSignedIn(client: GoTrueClient): Promise<boolean> {
  return (await client.getUser()).error === null;
}

async function signsIn(email: string, password: string): Promise<boolean> {
  const { error } = await appClient(project).signInWithPassword({ email, password });
  return error === null;
}

function adminApi(at: TestProject): GoTrueAdminApi {
  return new GoTrueAdminApi({
    url: at.authUrl,
    headers: { Authorization: `Bearer ${serviceToken(at)}` },
    fetch: async (input, init) => at.service.auth.fetch(new Request(input as string, init)),
  });
}

describe("an app on @supabase/auth-js", () => {
  it("has a forgotten password mailed about, leads back to its own page, and saves another", async () => {
    const { email } = await signedUp();
    const client = appClient(project);
    const asked = await client.resetPasswordForEmail(email, { redirectTo: page });
    expect(asked.error).toBeNull();
    const unknown = await client.resetPasswordForEmail(freshEmail(), { redirectTo: page });
    expect(unknown).toEqual(asked);
    const mail = await newestMail(project, email);
    expect([mail.purpose, mail.redirectTo]).toEqual(["recovery", page]);

    const { data, error } = await client.verifyOtp({ token_hash: mail.token, type: "recovery" });
    expect(error).toBeNull();
    expect(data.user?.email).toBe(email);
    expect((await client.updateUser({ password: newPassword })).error).toBeNull();
    expect(await signsIn(email, goodPassword)).toBe(false);
    expect(await signsIn(email, newPassword)).toBe(true);
    const elsewhere = { redirectTo: "https://evil.example/" };
    expect((await client.resetPasswordForEmail(email, elsewhere)).error).toBeNull();
    expect((await newestMail(project, email)).redirectTo).toBe(site);
  });

  it("signs in by a mail, and signs up by it unless it says otherwise", async () => {
    const [fresh, unknown] = [freshEmail(), freshEmail()];
    const client = appClient(project);
    const options = { data: { plan: "free" } };
    expect((await client.signInWithOtp({ email: fresh, options })).error).toBeNull();
    const { code } = await newestMail(project, fresh);
    const wrong = { email: fresh, token: wrongCode(code), type: "email" } as const;
    const refused = await client.verifyOtp(wrong);
    expect([refused.error?.code, refused.error?.status]).toEqual(["otp_expired", 403]);
    const right = await client.verifyOtp({ ...wrong, token: code });
    expect(right.error).toBeNull();
    expect(right.data.user).toMatchObject({ email: fresh, user_metadata: { plan: "free" } });
    expect(await isSignedIn(client)).toBe(true);

    // No error, on purpose: it would tell whether anybody has the address (case 10).
    const silent = await client.signInWithOtp({
      email: unknown,
      options: { shouldCreateUser: false },
    });
    expect(silent.error).toBeNull();
    expect(await queuedMail(project, unknown)).toEqual([]);
    expect(await project.sql("select from users where email = $1", [unknown])).toEqual([]);
  });

  const types: [EmailOtpType, (client: GoTrueClient, email: string) => Promise<unknown>][] = [
    ["signup", async () => {}],
    ["email", async () => {}],
    ["magiclink", (client, email) => client.signInWithOtp({ email })],
    ["email", (client, email) => client.signInWithOtp({ email })],
    ["recovery", (client, email) => client.resetPasswordForEmail(email)],
  ];
  it.each(types)("redeems code and token of type %s", async (type, ask) => {
    for (const by of ["code", "token"] as const) {
      const { email } = await signedUp();
      const client = appClient(project);
      await ask(client, email);
      const { code, token } = await newestMail(project, email);
      const proof = by === "code" ? { email, token: code, type } : { token_hash: token, type };
      const { data, error } = await client.verifyOtp(proof);
      expect(error).toBeNull();
      expect(data.user?.email_confirmed_at).toBeTruthy();
      expect((await client.refreshSession()).error).toBeNull();
      expect(await isSignedIn(client)).toBe(true);
      expect((await client.verifyOtp(proof)).error?.code).toBe("otp_expired");
    }
  });

  it("invites, and who was invited comes in by code or token and chooses a password", async () => {
    const admin = adminApi(project);
    for (const by of ["code", "token"] as const) {
      const email = freshEmail();
      const { data, error } = await admin.inviteUserByEmail(email, {
        data: { team: "blue" },
        redirectTo: page,
      });
      expect(error).toBeNull();
      expect(data.user).toMatchObject({ email, user_metadata: { team: "blue" } });
      expect(data.user?.invited_at).toBeTruthy();
      const mail = await newestMail(project, email);
      expect([mail.purpose, mail.redirectTo]).toEqual(["invite", page]);
      const client = appClient(project);
      const type = "invite" as const;
      const proof =
        by === "code" ? { email, token: mail.code, type } : { token_hash: mail.token, type };
      expect((await client.verifyOtp(proof)).error).toBeNull();
      expect((await client.updateUser({ password: newPassword })).error).toBeNull();
      expect(await signsIn(email, newPassword)).toBe(true);
      const again = await admin.inviteUserByEmail(email);
      expect(again.error?.code).toBe("email_exists");
    }
  });

  it("has the mail of a sign-up sent again where it must be confirmed", async () => {
    const strict = await mailingProject({ email_confirmation: "required" });
    const client = appClient(strict);
    const email = freshEmail();
    const signed = await client.signUp({ email, password: goodPassword });
    expect(signed.error).toBeNull();
    expect([signed.data.session, signed.data.user?.email]).toEqual([null, email]);
    const early = await client.signInWithPassword({ email, password: goodPassword });
    expect(early.error?.code).toBe("email_not_confirmed");
    const first = await newestMail(strict, email);
    expect((await client.resend({ type: "signup", email })).error).toBeNull();
    const second = await newestMail(strict, email);
    expect(second.code).not.toBe(first.code);
    const old = await client.verifyOtp({ token_hash: first.token, type: "signup" });
    expect(old.error?.code).toBe("otp_expired");
    const { data } = await client.verifyOtp({ email, token: second.code, type: "signup" });
    expect(data.session).not.toBeNull();
    expect((await client.resend({ type: "signup", email: freshEmail() })).error).toBeNull();
  });

  it("changes an address when both have proved it; the first half gives no session", async () => {
    const { client, email } = await signedUp();
    const { token } = await newestMail(project, email);
    await client.verifyOtp({ token_hash: token, type: "signup" });
    const next = freshEmail();
    const changed = await client.updateUser({ email: next }, { emailRedirectTo: page });
    expect(changed.error).toBeNull();
    expect(changed.data.user).toMatchObject({ email, new_email: next });
    const [current, wanted] = [await newestMail(project, email), await newestMail(project, next)];
    expect([current.redirectTo, wanted.redirectTo]).toEqual([page, page]);

    expect((await client.resend({ type: "email_change", email: next })).error).toBeNull();
    const again = await newestMail(project, next);
    const stranger = appClient(project);
    const half = await stranger.verifyOtp({ token_hash: again.token, type: "email_change" });
    expect([half.error, half.data.session]).toEqual([null, null]);
    expect((await client.getUser()).data.user?.email).toBe(email);

    const whole = await stranger.verifyOtp({
      email,
      token: current.code,
      type: "email_change",
    });
    expect(whole.error).toBeNull();
    expect(whole.data.user?.email).toBe(next);
    expect((await client.refreshSession()).data.user?.email).toBe(next);
  });

  it("shows by a nonce who the user is when the session is old", async () => {
    const { client, email, session } = await signedUp();
    if (!session) throw new Error("sign-up gave no session");
    await ageSession(project, sessionIdOf(session as never), "25 hours");
    const needed = await client.updateUser({ password: newPassword });
    expect(needed.error?.code).toBe("reauthentication_needed");
    expect((await client.reauthenticate()).error).toBeNull();
    const { code, purpose } = await newestMail(project, email);
    expect(purpose).toBe("reauthentication");
    const wrong = await client.updateUser({ password: newPassword, nonce: wrongCode(code) });
    expect(wrong.error?.code).toBe("reauthentication_not_valid");
    expect((await client.updateUser({ password: newPassword, nonce: code })).error).toBeNull();
    expect(await signsIn(email, newPassword)).toBe(true);
  });

  it("hears that mail was asked for too often", async () => {
    const usual = await mailingProject({ mail_interval: 60 });
    const client = appClient(usual);
    const email = freshEmail();
    expect((await client.resetPasswordForEmail(email)).error).toBeNull();
    const { error } = await client.signInWithOtp({ email });
    expect([error?.code, error?.status]).toEqual(["over_email_send_rate_limit", 429]);
  });
});

describe("an app on @supabase/auth-js with flowType pkce", () => {
  let strict: TestProject;
  beforeAll(async () => {
    strict = await mailingProject({ site_url: site, email_confirmation: "required" });
  });

  it.each(["signInWithOtp", "resetPasswordForEmail", "signUp"] as const)(
    "exchanges the code that the link of %s brought, in the browser that asked",
    async (how) => {
      // Where a sign-up gives a session at once, the client has nothing left to exchange.
      const at = how === "signUp" ? strict : project;
      const client = appClient(at, { flowType: "pkce" });
      const { email } = how === "signUp" ? { email: freshEmail() } : await signedUp();
      const asked =
        how === "signInWithOtp"
          ? await client.signInWithOtp({ email, options: { emailRedirectTo: page } })
          : how === "resetPasswordForEmail"
            ? await client.resetPasswordForEmail(email, { redirectTo: page })
            : await client.signUp({
                email,
                password: goodPassword,
                options: { emailRedirectTo: page },
              });
      expect(asked.error).toBeNull();
      const mail = await newestMail(at, email);
      const { purpose: type, token } = mail;
      const code = await redirectedCode(at, { token, type, redirectTo: page });

      const other = appClient(at, { flowType: "pkce" });
      await expect(other.exchangeCodeForSession(code)).resolves.toMatchObject({
        data: { session: null },
      });
      const { data, error } = await client.exchangeCodeForSession(code);
      expect(error).toBeNull();
      expect(data.user?.email).toBe(email);
      expect(await isSignedIn(client)).toBe(true);
    },
  );
});
