import { createHash, randomBytes } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { parseRefreshToken } from "../../src/tokens/refresh_token.ts";
import { newestMail } from "../support/outbox.ts";
import { hiddenFields, openPage, type PageReply, sendForm } from "../support/pages.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type TestProject,
} from "../support/project.ts";

const account = "https://shop.example/account?tab=1";
const newPassword = "another perfectly fine phrase";

let project: TestProject;
beforeAll(async () => {
  project = await createTestProject({ site_url: "https://shop.example", mail_interval: 0 });
});

function client() {
  const verifier = randomBytes(32).toString("base64url");
  const challenge = createHash("sha256").update(verifier).digest("base64url");
  const state = {
    redirect_to: account,
    code_challenge: challenge,
    code_challenge_method: "s256",
  };
  return { verifier, state };
}

function codeOf({ status, location }: PageReply): string {
  expect(status).toBe(303);
  const url = new URL(location ?? "");
  expect([url.origin + url.pathname, url.searchParams.get("tab"), url.hash]).toEqual([
    "https://shop.example/account",
    "1",
    "",
  ]);
  return url.searchParams.get("code") ?? "";
}

function exchange(code: string, verifier: string) {
  const body = { auth_code: code, code_verifier: verifier };
  return project.post("/token?grant_type=pkce", body);
}

describe("an app that sends a PKCE challenge to a page", () => {
  it("gets a code after a sign-in, good once and for its verifier alone", async () => {
    const { verifier, state } = client();
    const { user } = await project.signUp();
    const fields = { ...state, email: user.email, password: goodPassword };
    const code = codeOf(await sendForm(project, "/sign-in", fields));
    expect((await exchange(code, client().verifier)).body.error_code).toBe("bad_code_verifier");
    const { body } = await exchange(code, verifier);
    expect(body.user).toMatchObject({ email: user.email });
    const token = String(body.access_token);
    const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
    expect(claims.amr).toEqual([{ method: "password", timestamp: expect.any(Number) }]);
    expect((await exchange(code, verifier)).status).toBe(404);
    // The sign-up's, and not the one that the page held for a moment.
    const sessions = await project.sql(
      "select id from sessions where user_id = $1 and revoked_at is null",
      [user.id],
    );
    expect(sessions).toHaveLength(1);
  });

  it("gets a code after a sign-up", async () => {
    const { verifier, state } = client();
    const fields = { ...state, email: freshEmail(), password: goodPassword };
    const code = codeOf(await sendForm(project, "/sign-up", fields));
    expect((await exchange(code, verifier)).body.user).toMatchObject({ email: fields.email });
  });

  it("gets a code after a forgotten password, by the link and by the code", async () => {
    const { verifier, state } = client();
    const { redirect_to: _, ...challenge } = state;
    const { user } = await project.signUp();
    const { email } = user;
    await project.post("/recover", { email, ...challenge });
    const { token } = await newestMail(project, email);
    const shown = await openPage(project, `/verify?token=${token}&type=recovery`);
    const byLink = await sendForm(project, "/reset-password", {
      ...hiddenFields(shown),
      password: newPassword,
    });
    expect(byLink.location).toMatch(/^https:\/\/shop\.example\/\?code=[\w-]{43}$/);
    const code = new URL(byLink.location ?? "").searchParams.get("code") ?? "";
    expect((await exchange(code, verifier)).body.user).toMatchObject({ email });

    const sent = await sendForm(project, "/forgot-password", { ...state, email });
    const mail = await newestMail(project, email);
    const fields = { ...hiddenFields(sent), email, code: mail.code, password: goodPassword };
    const second = codeOf(await sendForm(project, "/reset-password", fields));
    expect((await exchange(second, verifier)).body.user).toMatchObject({ email });
  });

  it("is told at once, on a page, when its challenge is none, and nothing is done", async () => {
    const { user } = await project.signUp();
    for (const wrong of [
      { code_challenge: "short", code_challenge_method: "s256" },
      { code_challenge: "c".repeat(43), code_challenge_method: "plain" },
      { code_challenge: "c".repeat(43) },
    ]) {
      const query = new URLSearchParams(wrong as Record<string, string>);
      expect((await openPage(project, `/sign-in?${query}`)).status).toBe(400);
      const fields = { ...wrong, email: user.email, password: goodPassword };
      const { status, location } = await sendForm(
        project,
        "/sign-in",
        fields as Record<string, string>,
      );
      expect([status, location]).toEqual([400, null]);
    }
    const sessions = await project.sql("select id from sessions where user_id = $1", [user.id]);
    expect(sessions).toHaveLength(1);
  });
});

describe("a session that becomes a code", () => {
  it("is one that nobody has used: neither a refreshed nor an ended one, and only once", async () => {
    const call = (refreshToken: string) => {
      const hash = parseRefreshToken(refreshToken)?.hash;
      return project.sql<{ result: { outcome: string | null } }>(
        "select code_for_session($1, $2, $3, null) as result",
        [hash, randomBytes(32), "c".repeat(43)],
      );
    };
    const outcome = async (refreshToken: string) => (await call(refreshToken))[0]?.result.outcome;
    const used = await project.signUp();
    const refreshed = await project.post<{ refresh_token: string }>("/refresh", {
      refresh_token: used.refresh_token,
    });
    expect(await outcome(used.refresh_token)).toBe("session_not_found");
    expect(await outcome(refreshed.body.refresh_token)).toBe("session_not_found");
    const ended = await project.signUp();
    await project.post("/logout", undefined, { token: ended.access_token });
    expect(await outcome(ended.refresh_token)).toBe("session_not_found");
    const fresh = await project.signUp();
    expect([await outcome(fresh.refresh_token), await outcome(fresh.refresh_token)]).toEqual([
      null,
      "session_not_found",
    ]);
    expect((await project.post("/refresh", { refresh_token: fresh.refresh_token })).status).toBe(
      400,
    );
    await expect(
      project.sql("select code_for_session($1, null, null, null)", [randomBytes(32)]),
    ).rejects.toMatchObject({ code: "MA901" });
  });
});
