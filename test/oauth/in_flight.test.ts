import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Auth } from "../../src/auth.ts";
import { type OidcProvider, startOidcProvider } from "../support/idp/oidc_provider.ts";
import { claimsOf } from "../support/jwt.ts";
import {
  appUrl,
  createProviderProject,
  newVerifier,
  oidcRow,
  openBrowser,
  openProviderService,
  verified,
} from "../support/oauth.ts";
import { freshEmail, goodPassword, type TestProject } from "../support/project.ts";
import { countRows } from "../support/sessions.ts";

let idp: OidcProvider;
let auth: Auth;
let project: TestProject;

beforeAll(async () => {
  idp = await startOidcProvider();
  auth = await openProviderService();
  project = await createProviderProject([oidcRow(idp)], { manual_linking: true });
});
afterAll(async () => {
  await auth.close();
  await idp.close();
});
beforeEach(() => {
  idp.misbehave({});
  idp.signedIn(verified(freshEmail()));
});

const begin = { provider: "oidc", redirect_to: appUrl };

async function sessionsOf(userId: unknown): Promise<number> {
  const rows = await project.sql("select from sessions where user_id = $1", [userId]);
  return rows.length;
}

/** Asks for the URL that links an identity to the user of a token. */
function askToLink(token: string, challenge: string) {
  const query = new URLSearchParams({
    ...begin,
    skip_http_redirect: "true",
    code_challenge: challenge,
    code_challenge_method: "s256",
  });
  const path = `/user/identities/authorize?${query}`;
  return project.request<{ url: string; error_code?: string }>(path, { token, auth });
}

/** A user who asked to link an identity and has been let in by the provider. */
async function beginLinking() {
  const { access_token: token, user } = await project.signUp();
  const { verifier, challenge } = newVerifier();
  const { body } = await askToLink(token, challenge);
  const browser = openBrowser(project, auth);
  const ours = await browser.visit(body.url);
  const { location } = await browser.visit(String(ours.location));
  return { userId: user.id, verifier, comeBack: () => browser.visit(String(location)) };
}

const ends = [
  ["deleted", "delete from users where id = $1", "user_not_found"],
  ["banned", "update users set banned_until = 'infinity' where id = $1", "user_banned"],
  [
    "signed out",
    "update sessions set revoked_at = now(), revoked_because = 'logout' where user_id = $1",
    "session_not_found",
  ],
] as const;

describe("linking", () => {
  it.each(ends)(
    "is begun by nobody who is %s, whichever way (cases 35, 39)",
    async (_, change, error_code) => {
      const { access_token: token, user } = await project.signUp();
      const { challenge } = newVerifier();
      const { body: asked } = await askToLink(token, challenge);
      await project.sql(change, [user.id]);
      const flows = await countRows(project, "oauth_flows");

      const refused = { status: 401, body: { error_code } };
      expect(await askToLink(token, challenge)).toMatchObject(refused);
      const grant = { provider: "oidc", id_token: await idp.idToken(), link_identity: true };
      expect(
        await project.post("/token?grant_type=id_token", grant, { auth, token }),
      ).toMatchObject(refused);
      // The URL that was asked for before leads to no provider.
      const opened = await openBrowser(project, auth).visit(asked.url);
      expect([opened.status, JSON.parse(opened.text).error_code]).toEqual([401, error_code]);
      expect(await countRows(project, "oauth_flows")).toBeLessThanOrEqual(flows);
      expect(
        await project.sql("select from identities where user_id = $1 and provider = 'oidc'", [
          user.id,
        ]),
      ).toEqual([]);
    },
  );

  it("links whom the provider let in then, whoever is there when the code is exchanged (case 80)", async () => {
    const [mine, other] = [verified(freshEmail()), verified(freshEmail())];
    idp.signedIn(mine);
    const first = await beginLinking();
    const { code } = (await first.comeBack()).query;
    idp.signedIn(other);
    const second = await beginLinking();
    const { code: otherCode } = (await second.comeBack()).query;
    const exchange = (auth_code: string | undefined, code_verifier: string) =>
      project.post("/token?grant_type=pkce", { auth_code, code_verifier }, { auth });
    expect(await exchange(otherCode, first.verifier)).toMatchObject({
      body: { error_code: "bad_code_verifier" },
    });
    expect((await exchange(code, first.verifier)).status).toBe(200);
    expect(
      await project.sql(
        "select subject from identities where provider = 'oidc' and user_id in ($1, $2)",
        [first.userId, second.userId],
      ),
    ).toEqual([{ subject: mine.sub }]);
  });
});

describe("a way back from a provider that somebody is on", () => {
  it("signs nobody in who is banned meanwhile, nor does an ID token (case 39)", async () => {
    const first = await openBrowser(project, auth).signIn(begin);
    const { sub } = claimsOf(String(first.fragment.access_token));
    const browser = openBrowser(project, auth);
    const begun = await browser.open(`/authorize?${new URLSearchParams(begin)}`);
    const { location } = await browser.visit(String(begun.location));
    await project.sql("update users set banned_until = now() + interval '1 hour' where id = $1", [
      sub,
    ]);
    const { fragment } = await browser.visit(String(location));
    expect(fragment.access_token).toBeUndefined();
    expect(fragment.error_code).toBe("user_banned");
    const body = { provider: "oidc", id_token: await idp.idToken() };
    const granted = await project.post("/token?grant_type=id_token", body, { auth });
    expect(granted).toMatchObject({ status: 400, body: { error_code: "user_banned" } });
    expect(await sessionsOf(sub)).toBe(1);
  });

  it.each(ends)(
    "links nothing to a user who is %s meanwhile (cases 35, 39)",
    async (_, change, refusal) => {
      const early = await beginLinking();
      await project.sql(change, [early.userId]);
      const { query } = await early.comeBack();
      expect(query).toMatchObject({ error_code: refusal });
      expect(query.code).toBeUndefined();

      const late = await beginLinking();
      const { code } = (await late.comeBack()).query;
      expect(code).toBeDefined();
      await project.sql(change, [late.userId]);
      const body = { auth_code: code, code_verifier: late.verifier };
      const { status } = await project.post("/token?grant_type=pkce", body, { auth });
      expect([400, 401, 404]).toContain(status);
      const linked = await project.sql(
        "select from identities where provider = 'oidc' and user_id in ($1, $2)",
        [early.userId, late.userId],
      );
      expect(linked).toEqual([]);
    },
  );
});

describe("a provider that does not answer", () => {
  it("keeps nobody from signing in by password, and its own sign-ins end (case 85)", async () => {
    const hasty = await openProviderService({ deadline: 1_000 });
    const email = freshEmail();
    await project.signUp({ email });
    idp.misbehave({
      replies: { "/.well-known/openid-configuration": () => "hang", "/jwks": () => "hang" },
    });
    const ended: string[] = [];
    const waiting = Array.from({ length: 20 }, async () => {
      const query = new URLSearchParams(begin);
      const { status, location } = await openBrowser(project, hasty).open(`/authorize?${query}`);
      ended.push("provider");
      return { status, location };
    });
    const { status } = await project.post(
      "/token",
      { email, password: goodPassword },
      { auth: hasty },
    );
    ended.push("password");
    expect(status).toBe(200);
    expect(ended).toEqual(["password"]);
    for (const { status, location } of await Promise.all(waiting)) {
      expect(`${status} ${location}`).toMatch(/^(503 null|302 .*error_code=)/);
    }
    await hasty.close();
  });
});
