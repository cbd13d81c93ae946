import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Auth } from "../../src/auth.ts";
import type { AuthError } from "../../src/errors.ts";
import { createUser } from "../../src/users/create.ts";
import { type Claims, type OidcProvider, startOidcProvider } from "../support/idp/oidc_provider.ts";
import { claimsOf } from "../support/jwt.ts";
import { untilWaiting } from "../support/locks.ts";
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
import { serviceToken } from "../support/service_token.ts";

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

const begin = { provider: "oidc", redirect_to: appUrl };

function times<T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => work(index)));
}

async function count(sql: string, params: unknown[] = []): Promise<number> {
  const [row] = await project.sql<{ count: number }>(sql, params);
  return row?.count ?? -1;
}

const bring = (id_token: string, more: object = {}, options: object = {}) =>
  project.post<{ error_code?: string; user: { id: string }; access_token: string }>(
    "/token?grant_type=id_token",
    { provider: "oidc", id_token, ...more },
    { auth, ...options },
  );

describe("an identity that is taken away while it signs in", () => {
  it("signs nobody in to the account that it was taken from (case 24)", async () => {
    const owner = await project.signUp();
    const token = await idp.idToken();
    const { sub } = claimsOf(token);
    await project.sql(
      `insert into identities (user_id, provider, issuer, subject) values ($1, 'oidc', $2, $3)`,
      [owner.user.id, idp.issuer, sub],
    );
    const waiting = await project.transaction(async (query) => {
      await query("select from users where id = $1 for no key update", [owner.user.id]);
      const entering = bring(token);
      await untilWaiting(project);
      await query("delete from identities where user_id = $1 and provider = 'oidc'", [
        owner.user.id,
      ]);
      return { entering };
    });
    const { status, body } = await waiting.entering;
    expect(status).toBe(200);
    expect(body.user.id).not.toBe(owner.user.id);
  });
});

describe("at the same time", () => {
  it("ten exchanges of one code open one session, and the others end it (case 82)", async () => {
    for (let round = 0; round < 5; round += 1) {
      idp.signedIn(verified(freshEmail()));
      const { verifier, challenge } = newVerifier();
      const { query } = await openBrowser(project, auth).signIn({
        ...begin,
        code_challenge: challenge,
        code_challenge_method: "s256",
      });
      const body = { auth_code: query.code, code_verifier: verifier };
      const replies = await times(10, () => project.post("/token?grant_type=pkce", body));
      const granted = replies.filter(({ status }) => status === 200);
      const refused = replies.filter(({ status }) => status !== 200);
      expect(granted).toHaveLength(1);
      expect(new Set(refused.map(({ body: { error_code } }) => error_code))).toEqual(
        new Set(["flow_state_not_found"]),
      );
      const token = String(granted[0]?.body.access_token);
      expect((await project.request("/user", { token })).status).toBe(401);
    }
  });

  it("ten ways back with one state sign in once, and ask the provider once (case 75)", async () => {
    for (let round = 0; round < 5; round += 1) {
      idp.signedIn(verified(freshEmail()));
      const browser = openBrowser(project, auth);
      const begun = await browser.open(`/authorize?${new URLSearchParams(begin)}`);
      const { location } = await browser.visit(String(begun.location));
      const asked = idp.asked.filter((path) => path === "/token").length;
      const steps = await times(10, () => {
        const tab = openBrowser(project, auth);
        for (const [name, value] of browser.cookies) tab.cookies.set(name, value);
        return tab.visit(String(location));
      });
      expect(steps.filter(({ fragment }) => fragment.access_token)).toHaveLength(1);
      expect(steps.filter(({ status }) => status === 400)).toHaveLength(9);
      expect(idp.asked.filter((path) => path === "/token")).toHaveLength(asked + 1);
    }
  });

  it("twenty first sign-ins of one person make one user with one identity", async () => {
    for (const email_verified of [true, false]) {
      const person: Claims = { ...verified(freshEmail()), email_verified };
      idp.signedIn(person);
      const token = await idp.idToken();
      const replies = await times(20, () => bring(token));
      expect(replies.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
      const ids = new Set(replies.map(({ body }) => claimsOf(body.access_token).sub));
      expect(ids.size).toBe(1);
      const found = "select count(*)::int as count from identities where subject = $1";
      expect(await count(found, [person.sub])).toBe(1);
      const signedUp =
        "select count(*)::int as count from audit_log where event = 'signed_up' and user_id = $1";
      expect(await count(signedUp, [...ids])).toBe(1);
    }
  });

  it("first sign-ins of many people with one proved address make one user with all of them", async () => {
    const email = freshEmail();
    const tokens = await times(10, () => idp.idToken(verified(email)));
    const replies = await times(10, (index) => bring(String(tokens[index])));
    expect(replies.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    expect(new Set(replies.map(({ body }) => body.user.id)).size).toBe(1);
    expect(
      await count(
        "select count(*)::int as count from identities i join users u on u.id = i.user_id where u.email = $1",
        [email],
      ),
    ).toBe(10);
  });

  it("a provider's word, sign-ups, mails and operators make one user of an address (case 19)", async () => {
    await project.sql("update settings set mail_interval = 0, mails_per_recipient_per_day = 1000");
    const { admin } = project.service;
    const service = serviceToken(project);
    for (let round = 0; round < 3; round += 1) {
      const email = freshEmail();
      const token = await idp.idToken(verified(email));
      const codeOf = async (reply: Promise<{ body: { error_code?: unknown } | null }>) =>
        (await reply).body?.error_code;
      const make = () =>
        createUser(admin, project.id, { email }).then(
          () => undefined,
          ({ code }: AuthError) => code,
        );
      const refusals = await Promise.all(
        [1, 2, 3].flatMap(() => [
          codeOf(bring(token)),
          codeOf(project.post("/signup", { email, password: goodPassword })),
          codeOf(project.post("/magiclink", { email })),
          codeOf(project.post("/invite", { email }, { token: service })),
          make(),
        ]),
      );
      for (const refusal of refusals) {
        expect([undefined, "user_already_exists", "email_exists"]).toContain(refusal);
      }
      expect(
        await count("select count(*)::int as count from users where email = $1", [email]),
      ).toBe(1);
      const identities = await project.sql<{ provider: string }>(
        "select provider from identities i join users u on u.id = i.user_id where email = $1 order by 1",
        [email],
      );
      const providers = identities.map(({ provider }) => provider).join();
      // Whom the provider names first has no other identity: the sign-ups come too late.
      expect(["oidc", "email,oidc"]).toContain(providers);
    }
  });

  it("a nonce is good once in ten (case 77)", async () => {
    const token = await idp.idToken(verified(freshEmail(), { nonce: "once" }));
    const replies = await times(10, () => bring(token, { nonce: "once" }));
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
    const refused = replies.filter(({ status }) => status !== 200);
    expect(new Set(refused.map(({ body }) => body.error_code))).toEqual(
      new Set(["bad_oauth_callback"]),
    );
  });

  it("ten users link one identity, and one has it", async () => {
    const token = await idp.idToken(verified(freshEmail()));
    const sessions = await times(10, () => project.signUp());
    const replies = await times(10, (index) =>
      bring(token, { link_identity: true }, { token: sessions[index]?.access_token }),
    );
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
    const refused = replies.filter(({ status }) => status !== 200);
    expect(new Set(refused.map(({ body }) => body.error_code))).toEqual(
      new Set(["identity_already_exists"]),
    );
  });

  it("users without an address link people with one address, and one gets it", async () => {
    const email = freshEmail();
    const sessions = await times(
      5,
      async () => (await bring(await idp.idToken({ sub: freshEmail() }))).body,
    );
    const tokens = await times(5, () => idp.idToken(verified(email)));
    const replies = await times(5, (index) =>
      bring(
        String(tokens[index]),
        { link_identity: true },
        { token: sessions[index]?.access_token },
      ),
    );
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(await count("select count(*)::int as count from users where email = $1", [email])).toBe(
      1,
    );
  });

  it("both identities of a user are unlinked, and one stays (case 88)", async () => {
    for (let round = 0; round < 5; round += 1) {
      const { body: session } = await bring(await idp.idToken(verified(freshEmail())));
      const token = session.access_token;
      await bring(await idp.idToken(verified(freshEmail())), { link_identity: true }, { token });
      const { body: user } = await project.request<{ identities: { identity_id: string }[] }>(
        "/user",
        { token },
      );
      expect(user.identities).toHaveLength(2);
      const replies = await Promise.all(
        user.identities.map(({ identity_id }) =>
          project.request(`/user/identities/${identity_id}`, { method: "DELETE", token }),
        ),
      );
      expect(replies.map(({ status }) => status).sort()).toEqual([200, 422]);
    }
  });
});
