import { createHash } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { projectFunctions } from "../../src/database/functions.ts";
import { parseOneTimeToken } from "../../src/mail/one_time_token.ts";
import { newAuthorizationCode } from "../../src/tokens/authorization_code.ts";
import { newRefreshToken } from "../../src/tokens/refresh_token.ts";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { exchangeCode, newVerifier, redirectedCode } from "../support/authorization_codes.ts";
import {
  askFor,
  isLive,
  mailed,
  mailingProject,
  newPassword,
  otpExpired,
  redeemCode,
  redeemLink,
} from "../support/mailed.ts";
import { newestMail } from "../support/outbox.ts";
import { freshEmail, type Reply, type TestProject } from "../support/project.ts";

const site = "https://shop.example/welcome";

let project: TestProject;
let neighbour: TestProject;
beforeAll(async () => {
  project = await mailingProject({ site_url: site });
  neighbour = await mailingProject({ site_url: site });
});

type Kind = "magiclink" | "recovery";

/** A link whose asker holds a verifier. */
async function linked(kind: Kind = "magiclink") {
  const { verifier, challenge } = newVerifier();
  const pkce = { code_challenge: challenge, code_challenge_method: "s256" };
  return { verifier, ...(await mailed(project, kind, pkce)) };
}

/** A code that a redirect brought, and its verifier. */
async function coded(kind?: Kind) {
  const link = await linked(kind);
  const authCode = await redirectedCode(project, { ...link, redirectTo: `${site}/account` });
  return { ...link, authCode };
}

function claimsOf({ access_token }: SessionReply) {
  return JSON.parse(Buffer.from(access_token.split(".")[1] ?? "", "base64url").toString());
}

function refused(reply: Reply<unknown>, status: number, code: string): void {
  expect(reply).toMatchObject({ status, body: { error_code: code } });
}

describe("a mail asked for with a PKCE challenge", () => {
  it("wants challenge and method together, S256 alone (case 81)", async () => {
    const { challenge } = newVerifier();
    const wrong = [
      { code_challenge: challenge },
      { code_challenge_method: "s256" },
      { code_challenge: challenge, code_challenge_method: "plain" },
      { code_challenge: challenge, code_challenge_method: "S512" },
      { code_challenge: challenge.slice(1), code_challenge_method: "s256" },
      { code_challenge: `${challenge}A`, code_challenge_method: "s256" },
      { code_challenge: `${challenge.slice(1)}~`, code_challenge_method: "s256" },
      { code_challenge: [challenge], code_challenge_method: "s256" },
    ];
    const { access_token: token, user } = await project.signUp();
    for (const pkce of wrong) {
      const { email } = user;
      const body = { email, password: newPassword, type: "signup", ...pkce };
      for (const path of ["/reset", "/recover", "/magiclink", "/otp", "/resend", "/signup"]) {
        const asked = path === "/reset" ? { email, ...pkce } : body;
        refused(await project.post(path, asked), 400, "validation_failed");
      }
      const change = { email: freshEmail(), ...pkce };
      const patched = await project.request("/user", { method: "PATCH", token, body: change });
      refused(patched, 400, "validation_failed");
    }
    const upper = { code_challenge: challenge, code_challenge_method: "S256" };
    await askFor(project, "/reset", { email: user.email, ...upper });
    const none = { code_challenge: null, code_challenge_method: null };
    await askFor(project, "/reset", { email: user.email, ...none });
  });

  it.each(["magiclink", "recovery"] as const)(
    "brings a code whose verifier gets the session that the %s is worth",
    async (kind) => {
      const { email, verifier, authCode } = await coded(kind);
      const reply = await exchangeCode(project, authCode, verifier);
      expect(reply).toMatchObject({ status: 200, body: { user: { email } } });
      expect(claimsOf(reply.body)).toMatchObject({ aal: "aal1", amr: [{ method: kind }] });
      expect(await isLive(project, reply.body)).toBe(true);
      const { refresh_token } = reply.body;
      expect((await project.post("/refresh", { refresh_token })).status).toBe(200);
    },
  );

  it("brings the tokens themselves to who typed the code into the page that asked", async () => {
    const link = await linked();
    expect((await redeemCode(project, link)).body).toHaveProperty("access_token");
  });

  it("brings no code to who asked without: a verifier that nothing was challenged for is no use (case 81)", async () => {
    const link = await mailed(project, "magiclink");
    const code = newAuthorizationCode();
    const functions = projectFunctions(project.service.runtime, project.id);
    const redeemed = await functions.verifyLink({
      purposes: ["magiclink"],
      tokenHash: parseOneTimeToken(link.token)?.hash ?? Buffer.alloc(32),
      refreshHash: newRefreshToken().hash,
      codeHash: code.hash,
      client: { address: null, userAgent: null },
    });
    expect(redeemed).toHaveProperty("claims");
    const { verifier } = newVerifier();
    refused(await exchangeCode(project, code.text, verifier), 404, "flow_state_not_found");
  });
});

describe("an authorization code", () => {
  it("wants its own verifier, in the form that the standard gives it (case 81)", async () => {
    const { verifier, authCode } = await coded();
    const other = await coded();
    const challenge = createHash("sha256").update(verifier).digest("base64url");
    for (const wrong of [
      newVerifier().verifier,
      other.verifier,
      verifier.slice(0, 42),
      `${verifier}x`,
      challenge,
      "v".repeat(129),
      `${verifier.slice(1)}+`,
    ]) {
      refused(await exchangeCode(project, authCode, wrong), 400, "bad_code_verifier");
    }
    for (const body of [
      { auth_code: authCode },
      { code_verifier: verifier },
      { auth_code: authCode, code_verifier: "" },
      { auth_code: "", code_verifier: verifier },
    ]) {
      refused(await project.post("/token?grant_type=pkce", body), 400, "validation_failed");
    }
    expect((await exchangeCode(project, authCode, verifier)).status).toBe(200);
  });

  it("lives 5 minutes", async () => {
    const [young, old] = [await coded(), await coded()];
    const age = (email: string, interval: string) =>
      project.sql(
        `update authorization_codes set expires_at = expires_at - $2::interval
         where user_id = (select id from users where email = $1)`,
        [email, interval],
      );
    await age(young.email, "4 minutes 50 seconds");
    expect((await exchangeCode(project, young.authCode, young.verifier)).status).toBe(200);
    await age(old.email, "5 minutes 1 second");
    refused(await exchangeCode(project, old.authCode, old.verifier), 422, "flow_state_expired");
  });

  it("works once; a second time ends the session of the first, also after refreshes (case 82)", async () => {
    for (const isWithVerifier of [true, false]) {
      const { verifier, authCode, session: other } = await coded();
      const first = (await exchangeCode(project, authCode, verifier)).body;
      const { refresh_token } = first;
      const next = (await project.post<SessionReply>("/refresh", { refresh_token })).body;
      const again = await exchangeCode(
        project,
        authCode,
        isWithVerifier ? verifier : newVerifier().verifier,
      );
      refused(again, 404, "flow_state_not_found");
      expect(await isLive(project, next)).toBe(false);
      const after = { refresh_token: next.refresh_token };
      expect((await project.post("/refresh", after)).status).toBe(400);
      // The sign-up's own session went with the first proof; nobody else's goes now.
      expect(await isLive(project, other)).toBe(false);
      expect(
        await project.sql("select from audit_log where event = 'code_reused' and session_id = $1", [
          claimsOf(first).session_id,
        ]),
      ).toHaveLength(1);
    }
  });

  it("of one project is nothing at another, and is not used up there (case 82)", async () => {
    const { verifier, authCode } = await coded();
    refused(await exchangeCode(neighbour, authCode, verifier), 404, "flow_state_not_found");
    expect((await exchangeCode(project, authCode, verifier)).status).toBe(200);
  });

  it("is no link's token, no refresh token and no bearer, and none of them is one", async () => {
    const { verifier, authCode, token, session } = await coded();
    expect(await redeemLink(project, { type: "magiclink", token: authCode })).toMatchObject(
      otpExpired,
    );
    expect((await project.post("/refresh", { refresh_token: authCode })).status).toBe(400);
    expect((await project.request("/user", { token: authCode })).status).toBe(401);
    for (const text of [token, session.refresh_token, session.access_token]) {
      refused(await exchangeCode(project, text, verifier), 404, "flow_state_not_found");
    }
  });

  it("dies with a change of password, another proof, a ban, its user, and a logout everywhere", async () => {
    const out = await coded();
    await project.sql(
      "select revoke_sessions(id, 'global', null, 'logout') from users where email = $1",
      [out.email],
    );
    refused(await exchangeCode(project, out.authCode, out.verifier), 404, "flow_state_not_found");

    const { email, verifier, authCode } = await coded();
    await askFor(project, "/reset", { email });
    const { token } = await newestMail(project, email);
    await project.post("/reset", { token, password: newPassword });
    refused(await exchangeCode(project, authCode, verifier), 404, "flow_state_not_found");

    const banned = await coded();
    await project.sql(
      "update users set banned_until = now() + interval '1 hour' where email = $1",
      [banned.email],
    );
    refused(await exchangeCode(project, banned.authCode, banned.verifier), 400, "user_banned");
    await project.sql("delete from users where email = $1", [banned.email]);
    refused(
      await exchangeCode(project, banned.authCode, banned.verifier),
      404,
      "flow_state_not_found",
    );
  });

  it("is stored as a hash, and so is nothing else of the flow (case 59)", async () => {
    const { verifier, authCode, email } = await coded();
    const rows = await project.sql<{ row: string }>(
      `select to_jsonb(c)::text || to_jsonb(u)::text as row
       from authorization_codes c join users u on u.id = c.user_id where u.email = $1`,
      [email],
    );
    expect(rows).toHaveLength(1);
    for (const secret of [verifier, authCode]) {
      expect(rows[0]?.row).not.toContain(secret);
      expect(rows[0]?.row).not.toContain(Buffer.from(secret, "base64url").toString("hex"));
    }
    expect(Buffer.from(authCode, "base64url")).toHaveLength(32);
  });
});
