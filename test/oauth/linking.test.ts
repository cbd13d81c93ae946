import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Auth } from "../../src/auth.ts";
import type { UserJson } from "../../src/database/functions.ts";
import { listSuppressions, suppressAddress } from "../../src/outbox/suppressions.ts";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { ageSession, sessionIdOf } from "../support/age.ts";
import { type OidcProvider, startOidcProvider } from "../support/idp/oidc_provider.ts";
import {
  appUrl,
  createProviderProject,
  newVerifier,
  oidcRow,
  openBrowser,
  openProviderService,
  verified,
} from "../support/oauth.ts";
import { queuedMail } from "../support/outbox.ts";
import { freshEmail, type TestProject } from "../support/project.ts";

let idp: OidcProvider;
let auth: Auth;
let project: TestProject;

beforeAll(async () => {
  idp = await startOidcProvider();
  auth = await openProviderService();
  project = await createProviderProject([oidcRow(idp)]);
  await project.sql("update settings set manual_linking = true");
});
afterAll(async () => {
  await auth.close();
  await idp.close();
});
beforeEach(() => {
  idp.misbehave({});
  idp.signedIn(verified(freshEmail()));
});

/** Asks for the URL that links, as an app does by fetch. */
function askForUrl(token: string, query: Record<string, string>) {
  const { challenge } = newVerifier();
  const wishes = new URLSearchParams({
    provider: "oidc",
    redirect_to: appUrl,
    skip_http_redirect: "true",
    code_challenge: challenge,
    code_challenge_method: "s256",
    ...query,
  });
  return project.request<{ url: string; error_code: string }>(
    `/user/identities/authorize?${wishes}`,
    { token, auth },
  );
}

/** Goes with a browser from the URL as far as the app. */
async function followUrl(url: string, browser = openBrowser(project, auth)) {
  const ours = await browser.visit(url);
  const provider = await browser.visit(String(ours.location));
  return browser.visit(String(provider.location));
}

function exchange(code: string | undefined, verifier: string) {
  const body = { auth_code: code, code_verifier: verifier };
  return project.post<SessionReply & { error_code: string }>("/token?grant_type=pkce", body);
}

async function link(token: string) {
  const { verifier, challenge } = newVerifier();
  const { body } = await askForUrl(token, { code_challenge: challenge });
  const { query } = await followUrl(body.url);
  return exchange(query.code, verifier);
}

async function identitiesOf(token: string): Promise<UserJson["identities"]> {
  const { body } = await project.request<UserJson>("/user", { token });
  return body.identities;
}

const unlink = (token: string, id: string) =>
  project.request(`/user/identities/${id}`, { method: "DELETE", token });

describe("linking an identity", () => {
  it("gives the signed-in user one more, and the app a session of the same user", async () => {
    const { access_token: token, user } = await project.signUp();
    const { status, body } = await link(token);
    expect(status).toBe(200);
    expect(body.user).toMatchObject({
      id: user.id,
      email: user.email,
      app_metadata: { provider: "email", providers: ["email", "oidc"] },
    });
    expect(body.provider_token).toBeDefined();
    expect((await identitiesOf(token)).map(({ provider }) => provider)).toEqual(["email", "oidc"]);
  });

  it("sends the browser of a reply that is no JSON to the same URL", async () => {
    const { access_token: token } = await project.signUp();
    const reply = await askForUrl(token, { skip_http_redirect: "" });
    expect(reply.status).toBe(302);
    const url = String(reply.headers.get("Location"));
    expect(url).toMatch(`${project.authUrl}/authorize?flow=`);
    const { query } = await followUrl(url);
    expect(query.code).toBeDefined();
  });

  it("is of no use to whoever sends its URL to somebody else (cases 75, 84, 89)", async () => {
    const attacker = await project.signUp();
    const { challenge } = newVerifier();
    const { body } = await askForUrl(attacker.access_token, { code_challenge: challenge });
    const { query, fragment } = await followUrl(body.url);
    expect(fragment).toEqual({});
    const victims = newVerifier();
    expect((await exchange(query.code, victims.verifier)).body.error_code).toBe(
      "bad_code_verifier",
    );
    expect(await identitiesOf(attacker.access_token)).toHaveLength(1);
  });

  it("needs the challenge that this rests on, and a place that is admitted", async () => {
    const { access_token: token } = await project.signUp();
    const refused: Record<string, string>[] = [
      { code_challenge: "", code_challenge_method: "" },
      { code_challenge_method: "plain" },
      { redirect_to: "https://evil.example" },
      { provider: "nobody" },
      { provider: "" },
    ];
    for (const query of refused) {
      const { status, body } = await askForUrl(token, query);
      expect({ query, status, code: body.error_code }).toEqual({
        query,
        status: 400,
        code: "validation_failed",
      });
    }
  });

  it("takes its URL once, for a minute, and never for a state (case 75)", async () => {
    const { access_token: token } = await project.signUp();
    const refusedIn = async (url: string, browser = openBrowser(project, auth)) => {
      const { status, text } = await browser.visit(url);
      expect([status, JSON.parse(text).error_code]).toEqual([400, "bad_oauth_state"]);
    };
    const { body } = await askForUrl(token, {});
    await followUrl(body.url);
    await refusedIn(body.url);
    await refusedIn(`${project.authUrl}/authorize?flow=${"a".repeat(43)}`);

    const stale = (await askForUrl(token, {})).body.url;
    const late = vi.spyOn(Date, "now").mockReturnValue(Date.now() + 61_000);
    await refusedIn(stale);
    late.mockRestore();

    const unused = (await askForUrl(token, {})).body.url;
    const ticket = new URL(unused).searchParams.get("flow");
    const browser = openBrowser(project, auth);
    await refusedIn(`${project.authUrl}/callback?state=${ticket}&code=c`, browser);
    const begun = await browser.open(`/authorize?provider=oidc`);
    await refusedIn(`${project.authUrl}/authorize?flow=${begun.query.state}`, browser);
  });

  it("is refused when the session ended before the code was exchanged", async () => {
    const { access_token: token, user } = await project.signUp();
    const { verifier, challenge } = newVerifier();
    const { body } = await askForUrl(token, { code_challenge: challenge });
    const { query } = await followUrl(body.url);
    await project.request("/logout?scope=local", { method: "POST", token });
    const { status, body: refusal } = await exchange(query.code, verifier);
    expect([status, refusal.error_code]).toEqual([401, "session_not_found"]);
    const rows = await project.sql("select provider from identities where user_id = $1", [user.id]);
    expect(rows).toEqual([{ provider: "email" }]);
  });

  it("takes no identity that somebody has", async () => {
    const [first, second] = [await project.signUp(), await project.signUp()];
    expect((await link(first.access_token)).status).toBe(200);
    const { verifier, challenge } = newVerifier();
    const { body } = await askForUrl(second.access_token, { code_challenge: challenge });
    const { fragment } = await followUrl(body.url);
    expect(fragment).toMatchObject({ error_code: "identity_already_exists" });
    expect((await exchange("x", verifier)).body.error_code).toBe("flow_state_not_found");
    expect(await identitiesOf(second.access_token)).toHaveLength(1);
  });

  it("brings an address to a user without one, and keeps that of one who has", async () => {
    const email = freshEmail();
    idp.signedIn({ sub: randomUUID() });
    const begin = { provider: "oidc", redirect_to: appUrl };
    const { fragment } = await openBrowser(project, auth).signIn(begin);
    idp.signedIn(verified(email));
    const { body } = await link(String(fragment.access_token));
    expect(body.user.email).toBe(email);
    idp.signedIn(verified(freshEmail()));
    expect((await link(String(fragment.access_token))).body.user.email).toBe(email);
  });

  it("lets mail go again to the address that it proves, if that bounced (case 184)", async () => {
    const { admin } = project.service;
    const [bounced, other] = [freshEmail(), freshEmail()];
    for (const email of [bounced, other]) await suppressAddress(admin, project.id, email, "bounce");
    idp.signedIn(verified(bounced));
    await link((await project.signUp()).access_token);
    const left = await listSuppressions(admin, project.id);
    expect(left.map(({ address }) => address)).toEqual([other]);
  });

  it("by an ID token wants the bearer of who links", async () => {
    const { access_token: token, user } = await project.signUp();
    const bring = async (options: object) =>
      project.post<SessionReply & { error_code: string }>(
        "/token?grant_type=id_token",
        { provider: "oidc", id_token: await idp.idToken(), link_identity: true },
        { auth, ...options },
      );
    expect((await bring({})).body.error_code).toBe("no_authorization");
    expect((await bring({ token: "x" })).body.error_code).toBe("bad_jwt");
    const { status, body } = await bring({ token });
    expect([status, body.user.id]).toEqual([200, user.id]);
    expect((await bring({ token })).body.error_code).toBe("identity_already_exists");
  });

  it("wants a session of the last 24 hours, to link and to unlink, whichever way (case 7)", async () => {
    const session = await project.signUp();
    const { access_token: token } = session;
    await link(token);
    const { verifier, challenge } = newVerifier();
    const begun = await askForUrl(token, { code_challenge: challenge });
    idp.signedIn(verified(freshEmail()));
    const { query } = await followUrl(begun.body.url);
    await ageSession(project, sessionIdOf(session), "25 hours");

    const [email] = await identitiesOf(token);
    const refused = [
      askForUrl(token, {}),
      exchange(query.code, verifier),
      unlink(token, String(email?.identity_id)),
      project.post<{ error_code: string }>(
        "/token?grant_type=id_token",
        { provider: "oidc", id_token: await idp.idToken(), link_identity: true },
        { auth, token },
      ),
    ];
    for (const { status, body } of await Promise.all(refused)) {
      expect([status, body.error_code]).toEqual([400, "reauthentication_needed"]);
    }
    expect(await identitiesOf(token)).toHaveLength(2);
  });

  it("is off unless the project turns it on", async () => {
    const twin = await createProviderProject([oidcRow(idp)]);
    const { access_token: token } = await twin.signUp();
    const asked = [
      twin.request("/user/identities/authorize?provider=oidc", { token }),
      twin.request(`/user/identities/${randomUUID()}`, { method: "DELETE", token }),
      twin.request("/user/identities/x", { method: "DELETE", token }),
      twin.post(
        "/token?grant_type=id_token",
        { provider: "oidc", id_token: "x", link_identity: true },
        { token },
      ),
    ];
    for (const { status, body } of await Promise.all(asked)) {
      expect([status, body.error_code]).toEqual([404, "manual_linking_disabled"]);
    }
  });
});

describe("unlinking an identity", () => {
  it("leaves a user who can still sign in (case 88)", async () => {
    const email = freshEmail();
    const { access_token: token, user } = await project.signUp({ email });
    await project.sql("update users set email_confirmed_at = now() where id = $1", [user.id]);
    await link(token);
    const [, linked] = await identitiesOf(token);
    expect((await unlink(token, String(linked?.identity_id))).body).toEqual({});
    const [only, none] = await identitiesOf(token);
    expect(none).toBeUndefined();
    const last = await unlink(token, String(only?.identity_id));
    expect([last.status, last.body.error_code]).toEqual([422, "single_identity_not_deletable"]);
  });

  it("does not leave one with nothing but a password for an address it never proved (case 88)", async () => {
    const { access_token: token } = await project.signUp();
    await link(token);
    const [, linked] = await identitiesOf(token);
    const refused = await unlink(token, String(linked?.identity_id));
    expect(refused.body.error_code).toBe("single_identity_not_deletable");
    expect(await identitiesOf(token)).toHaveLength(2);
  });

  it("ends every other session, since the identity may have opened it", async () => {
    const email = freshEmail();
    const mine = await project.signUp({ email });
    await project.sql("update users set email_confirmed_at = now() where id = $1", [mine.user.id]);
    const { body: theirs } = await link(mine.access_token);
    const [, linked] = await identitiesOf(mine.access_token);
    await unlink(mine.access_token, String(linked?.identity_id));
    const told = (await queuedMail(project, email)).map(({ purpose }) => purpose);
    expect(told.slice(-2)).toEqual(["identity_linked", "identity_unlinked"]);
    expect((await project.request("/user", { token: theirs.access_token })).status).toBe(401);
    expect((await project.request("/user", { token: mine.access_token })).status).toBe(200);
  });

  it("does not end the password where the current one is always asked for", async () => {
    const strict = await createProviderProject([oidcRow(idp)]);
    await strict.sql(
      "update settings set manual_linking = true, password_change = 'current_password'",
    );
    const { access_token: token, user } = await strict.signUp();
    await strict.sql(
      `insert into identities (user_id, provider, issuer, subject)
       values ($1, 'oidc', 'https://idp.example', '1')`,
      [user.id],
    );
    const { identity_id: id } = user.identities[0] ?? {};
    const reply = await strict.request(`/user/identities/${id}`, { method: "DELETE", token });
    expect(reply.body.error_code).toBe("reauthentication_needed");
  });

  it("does not leave one with nothing but an identity of a provider that is gone (case 88)", async () => {
    const email = freshEmail();
    const { access_token: token, user } = await project.signUp({ email });
    await project.sql("update users set email_confirmed_at = now() where id = $1", [user.id]);
    await project.sql(
      `insert into identities (user_id, provider, issuer, subject)
       values ($1, 'gone', 'https://gone.example', $2)`,
      [user.id, user.id],
    );
    const { identity_id: id } = user.identities[0] ?? {};
    const { body } = await unlink(token, String(id));
    expect(body.error_code).toBe("single_identity_not_deletable");
  });

  it("takes nothing of somebody else's", async () => {
    const [mine, other] = [await project.signUp(), await project.signUp()];
    await link(other.access_token);
    const [, theirs] = await identitiesOf(other.access_token);
    for (const id of [String(theirs?.identity_id), randomUUID(), "x", "%00"]) {
      const { status, body } = await unlink(mine.access_token, id);
      expect({ id, status, code: body.error_code }).toEqual({
        id,
        status: 422,
        code: "identity_not_found",
      });
    }
    expect(await identitiesOf(other.access_token)).toHaveLength(2);
  });
});
