import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Auth } from "../../src/auth.ts";
import { type GitHubLike, startGitHubLike } from "../support/idp/github_like.ts";
import { type OidcProvider, startOidcProvider } from "../support/idp/oidc_provider.ts";
import { claimsOf } from "../support/jwt.ts";
import {
  appUrl,
  createProviderProject,
  oidcRow,
  openBrowser,
  openProviderService,
  type ProviderRow,
  verified,
} from "../support/oauth.ts";
import { freshEmail, goodPassword, type TestProject } from "../support/project.ts";

let idp: OidcProvider;
let second: OidcProvider;
let github: GitHubLike;
let auth: Auth;
let project: TestProject;

const githubRow = (): ProviderRow => ({
  name: "github",
  kind: "github",
  issuer: github.origin,
  clientId: github.clientId,
  clientSecret: github.clientSecret,
  options: { api_url: `${github.origin}/api` },
});

beforeAll(async () => {
  [idp, second, github] = await Promise.all([
    startOidcProvider(),
    startOidcProvider(),
    startGitHubLike(),
  ]);
  auth = await openProviderService();
  project = await createProviderProject([
    oidcRow(idp),
    oidcRow(second, { name: "second" }),
    githubRow(),
  ]);
});
afterAll(async () => {
  await auth.close();
  await Promise.all([idp.close(), second.close(), github.close()]);
});

/** Signs in at a provider, and tells whose session that opened. */
async function signIn(provider = "oidc", of = project) {
  const { fragment } = await openBrowser(of, auth).signIn({ provider, redirect_to: appUrl });
  if (!fragment.access_token) return { error: fragment.error_code, sub: null, user: null };
  const { body: user } = await of.request("/user", { token: fragment.access_token });
  return { error: null, sub: claimsOf(fragment.access_token).sub as string, user };
}

async function confirmed(email: string) {
  const session = await project.signUp({ email });
  await project.sql("update users set email_confirmed_at = now() where id = $1", [session.user.id]);
  return session;
}

describe("an address that a provider names", () => {
  it("opens no account unless the provider says true, and true alone (case 79)", async () => {
    const email = freshEmail();
    const owner = await confirmed(email);
    for (const email_verified of [false, undefined, "true", 1, null, ["true"], { a: true }]) {
      idp.signedIn({ ...verified(email), email_verified });
      const { sub, user } = await signIn();
      expect({ email_verified, isOwner: sub === owner.user.id }).toEqual({
        email_verified,
        isOwner: false,
      });
      expect(user).toMatchObject({ email: "", identities: [{ identity_data: { email } }] });
    }
    const { body } = await project.request<{ identities: unknown[] }>("/user", {
      token: owner.access_token,
    });
    expect(body.identities).toHaveLength(1);
  });

  it("belongs to nobody where it was not proved: its owner signs up with it as ever (case 79)", async () => {
    const email = freshEmail();
    idp.signedIn({ ...verified(email), email_verified: false });
    const stranger = await signIn();
    const owner = await project.signUp({ email });
    expect(owner.user.id).not.toBe(stranger.sub);
    expect(owner.user.email).toBe(email);
  });

  it("joins identities of two providers where both have proved it, and the project lets them (case 79)", async () => {
    const email = freshEmail();
    idp.signedIn(verified(email));
    second.signedIn(verified(email.toUpperCase()));
    const [first, other] = [await signIn(), await signIn("second")];
    expect(other.sub).toBe(first.sub);
    expect(other.user).toMatchObject({
      app_metadata: { provider: "oidc", providers: ["oidc", "second"] },
    });

    const strict = await createProviderProject([oidcRow(idp), oidcRow(second, { name: "second" })]);
    await strict.sql("update settings set identity_linking = 'manual'");
    expect((await signIn("oidc", strict)).error).toBeNull();
    expect((await signIn("second", strict)).error).toBe("email_exists");
    const [row] = await strict.sql("select count(*)::int as users from users");
    expect(row).toEqual({ users: 1 });
  });

  it("is believed without the provider's word where the operator vouches for it, and never against it", async () => {
    const twin = await createProviderProject([oidcRow(idp, { options: { trust_email: true } })]);
    const email = freshEmail();
    idp.signedIn({ ...verified(email), email_verified: undefined });
    expect((await signIn("oidc", twin)).user).toMatchObject({ email });
    for (const email_verified of [false, "true", null]) {
      idp.signedIn({ ...verified(freshEmail()), email_verified });
      expect((await signIn("oidc", twin)).user).toMatchObject({ email: "" });
    }
    const doubtful = await createProviderProject([
      oidcRow(idp, { options: { trust_email: "true" } }),
    ]);
    idp.signedIn({ ...verified(freshEmail()), email_verified: undefined });
    expect((await signIn("oidc", doubtful)).user).toMatchObject({ email: "" });
  });

  it("proved by one person of a provider proves nothing for another (case 80)", async () => {
    const email = freshEmail();
    idp.signedIn(verified(email));
    const owner = await signIn();
    idp.signedIn({ ...verified(email), email_verified: false });
    const other = await signIn();
    expect(other.sub).not.toBe(owner.sub);
    expect(other.user).toMatchObject({ email: "" });
  });

  it("is nobody's when it is not one that could be written to", async () => {
    for (const email of ["a@b", "m\u0131ke@example.org", "a b@example.com", "x".repeat(400), 7]) {
      idp.signedIn({ ...verified(""), email });
      expect((await signIn()).user).toMatchObject({ email: "" });
    }
  });
});

describe("an account that somebody made for an address that is not theirs", () => {
  it("loses the password, sessions and identities at the first proved claim (case 24)", async () => {
    await project.sql("update settings set manual_linking = true");
    const email = freshEmail();
    const planted = await project.signUp({ email, data: { planted: true } });
    const [{ id } = { id: "" }] = await project.sql<{ id: string }>(
      "insert into identities (user_id, provider, issuer, subject) values ($1, 'second', $2, 'attacker') returning id",
      [planted.user.id, second.issuer],
    );
    expect(id).not.toBe("");

    idp.signedIn(verified(email));
    const owner = await signIn();
    expect(owner.sub).toBe(planted.user.id);
    expect(owner.user).toMatchObject({ app_metadata: { providers: ["email", "oidc"] } });
    expect((await project.request("/user", { token: planted.access_token })).status).toBe(401);
    const { refresh_token } = planted;
    expect((await project.post("/refresh", { refresh_token })).status).toBe(400);
    const login = await project.post("/token", { email, password: goodPassword });
    expect(login.body.error_code).toBe("invalid_credentials");
    second.signedIn({ sub: "attacker" });
    expect((await signIn("second")).sub).not.toBe(planted.user.id);
  });

  it("keeps the password of an owner who has proved the address before", async () => {
    const email = freshEmail();
    const owner = await confirmed(email);
    idp.signedIn(verified(email));
    expect((await signIn()).sub).toBe(owner.user.id);
    expect((await project.post("/token", { email, password: goodPassword })).status).toBe(200);
    expect((await project.request("/user", { token: owner.access_token })).status).toBe(200);
  });
});

describe("a GitHub account", () => {
  const emails = (email: string, verified = true) => [
    { email: freshEmail(), primary: false, verified: true },
    { email, primary: true, verified },
  ];

  it("signs in by its number, with its primary address when that is verified", async () => {
    const email = freshEmail();
    github.signedIn({ id: 583231, login: "octocat", name: "Octo", emails: emails(email) });
    const { sub, user } = await signIn("github");
    expect(user).toMatchObject({
      email,
      user_metadata: { name: "Octo", preferred_username: "octocat" },
      identities: [{ id: "583231", identity_data: { iss: github.origin, email_verified: true } }],
    });
    github.signedIn({ id: 583231, login: "renamed", emails: emails(freshEmail()) });
    expect((await signIn("github")).sub).toBe(sub);
    github.signedIn({ id: 583232, login: "octocat", emails: emails(email) });
    const impostor = await signIn("github");
    expect(impostor.sub).toBe(sub);
  });

  it("opens no account by an address that is not its verified primary one (case 79)", async () => {
    const email = freshEmail();
    const owner = await confirmed(email);
    const lists = [
      emails(email, false),
      [{ email, primary: false, verified: true }],
      [{ email, primary: false, verified: false }],
      [],
    ];
    for (const [index, list] of lists.entries()) {
      github.signedIn({ id: 1_000 + index, login: "x", emails: list });
      expect((await signIn("github")).sub).not.toBe(owner.user.id);
    }
  });

  it("is refused when GitHub does not say who it is, and the operator's fault is no user's", async () => {
    const strange = [{ body: {} }, { body: [] }, { body: { id: "1", login: "x" } }];
    for (const answer of strange) {
      github.misbehave({ "/api/user": () => answer });
      expect((await signIn("github")).error).toBe("bad_oauth_callback");
    }
    github.misbehave({
      "/login/oauth/access_token": () => ({ body: { error: "incorrect_client_credentials" } }),
    });
    expect((await signIn("github")).error).toBe("unexpected_failure");
    github.misbehave({ "/api/user/emails": () => ({ status: 503 }) });
    expect((await signIn("github")).error).toBe("service_unavailable");
    github.misbehave({});
  });
});

describe("what a provider says of somebody", () => {
  it("is kept apart from what the user edits, and bounded", async () => {
    const long = "\u{1f600}".repeat(100);
    const person = verified(freshEmail(), { name: long, preferred_username: long, picture: long });
    idp.signedIn(person);
    const { fragment } = await openBrowser(project, auth).signIn({ provider: "oidc" });
    const token = String(fragment.access_token);
    await project.request("/user", { method: "PATCH", token, body: { data: { name: "Ann" } } });
    idp.signedIn({ ...person, name: "Changed there" });
    const { user } = await signIn();
    expect(user).toMatchObject({
      user_metadata: { name: "Ann" },
      identities: [{ identity_data: { name: "Changed there" } }],
    });
    for (const name of ["a\u0000b", "\ud800", "x".repeat(100_000), { a: 1 }, 7, '"'.repeat(240)]) {
      idp.signedIn(verified(freshEmail(), { name }));
      expect((await signIn()).error).toBeNull();
    }
  });
});
