import { randomUUID } from "node:crypto";
import { exportPKCS8, exportSPKI, generateKeyPair, importSPKI, jwtVerify } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Auth } from "../../src/auth.ts";
import { setProvider } from "../../src/projects/providers.ts";
import { type Asked, serveJson, type TestServer } from "../support/idp/http_server.ts";
import { type OidcProvider, startOidcProvider } from "../support/idp/oidc_provider.ts";
import {
  addProvider,
  appUrl,
  createProviderProject,
  oidcRow,
  openBrowser,
  openProviderService,
  type ProviderRow,
  verified,
} from "../support/oauth.ts";
import { freshEmail, type TestProject } from "../support/project.ts";

let idp: OidcProvider;
let auth: Auth;

beforeAll(async () => {
  idp = await startOidcProvider();
  auth = await openProviderService();
});
afterAll(async () => {
  await auth.close();
  await idp.close();
});
beforeEach(() => idp.misbehave({}));

const projectWith = (row: Partial<ProviderRow>) => createProviderProject([oidcRow(idp, row)]);

async function signIn(project: TestProject, provider: string) {
  const begin = { provider, redirect_to: appUrl };
  const { fragment } = await openBrowser(project, auth).signIn(begin);
  if (!fragment.access_token) return { error: fragment.error_code, user: null };
  const { body } = await project.request<{ id: string }>("/user", { token: fragment.access_token });
  return { error: null, user: body };
}

describe("Microsoft", () => {
  const [tenant, foreign] = [randomUUID(), randomUUID()];
  const issuerOf = (whose: string, { issuer } = idp) => `${issuer}/${whose}/v2.0`;
  const metadata = (name: string, of = idp) => ({
    [`/${name}/v2.0/.well-known/openid-configuration`]: () => ({
      body: {
        issuer: issuerOf(name === "common" ? "{tenantid}" : name, of),
        authorization_endpoint: `${of.issuer}/authorize`,
        token_endpoint: `${of.issuer}/token`,
        jwks_uri: `${of.issuer}/jwks`,
      },
    }),
  });
  const says = (name: string, claims: object) =>
    idp.misbehave({ replies: metadata(name), claims: { ...claims } });

  it("of one tenant is that tenant, whatever another signs (case 78)", async () => {
    const project = await projectWith({ name: "azure", kind: "microsoft", options: { tenant } });
    idp.signedIn(verified(freshEmail()));
    says(tenant, { iss: issuerOf(tenant), tid: tenant });
    expect((await signIn(project, "azure")).user).toMatchObject({
      identities: [{ identity_data: { iss: issuerOf(tenant) } }],
    });
    for (const claims of [
      { iss: issuerOf(foreign), tid: foreign },
      { iss: issuerOf(foreign), tid: tenant },
      { iss: issuerOf(tenant), tid: undefined },
      { iss: issuerOf(tenant), tid: `${foreign}/../${tenant}` },
    ]) {
      says(tenant, claims);
      expect({ claims, ...(await signIn(project, "azure")) }).toMatchObject({
        claims,
        error: "bad_oauth_callback",
      });
    }
  });

  it.each([
    ["its own tenant", `/${tenant}/v2.0`, null],
    ["every tenant", "/{tenantid}/v2.0", null],
    ["another tenant", `/${foreign}/v2.0`, "bad_oauth_callback"],
  ])("of many tenants takes a signing key of %s as that (case 78)", async (_, path, error) => {
    // Keys are kept by their URL: this needs a server of its own.
    const own = await startOidcProvider();
    own.signedIn(verified(freshEmail()));
    own.misbehave({
      key: { issuer: own.issuer + path },
      claims: { iss: `${own.issuer}/${tenant}/v2.0`, tid: tenant },
      replies: metadata("common", own),
    });
    const project = await createProviderProject([
      oidcRow(own, { name: "azure", kind: "microsoft" }),
    ]);
    expect((await signIn(project, "azure")).error).toBe(error);
    await own.close();
  });

  it("of many tenants keys a user by tenant and subject, and believes no address that a tenant wrote (case 78)", async () => {
    const project = await projectWith({
      name: "azure",
      kind: "microsoft",
      options: { tenant: "common", trust_email: true },
    });
    const email = freshEmail();
    const victim = await project.signUp({ email });
    await project.sql("update users set email_confirmed_at = now()");
    const sub = randomUUID();
    idp.signedIn({ sub, email, email_verified: true });
    const ids = new Set<string | undefined>([victim.user.id]);
    for (const [tid, isOwned] of [
      [tenant, false],
      [foreign, undefined],
      [randomUUID(), "true"],
      [randomUUID(), 1],
    ] as const) {
      says("common", { iss: issuerOf(tid), tid, xms_edov: isOwned });
      const { user } = await signIn(project, "azure");
      expect(user).toMatchObject({ email: "" });
      ids.add(user?.id);
    }
    expect(ids.size).toBe(5);
    const owned = randomUUID();
    says("common", { iss: issuerOf(owned), tid: owned, xms_edov: true });
    expect((await signIn(project, "azure")).user?.id).toBe(victim.user.id);
  });
});

describe("Apple", () => {
  it("is shown a secret that its key signs, asks by a form, and may spell true as a text", async () => {
    const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
    const row = {
      name: "apple",
      kind: "apple",
      clientSecret: await exportPKCS8(privateKey),
      options: { team_id: "TEAM123456", key_id: "KEY1234567" },
    };
    const project = await projectWith(row);
    const email = freshEmail();
    idp.signedIn({ ...verified(email), email_verified: "true" });
    const secrets: string[] = [];
    const token = (asked: Asked) => {
      secrets.push(String(asked.form.get("client_secret")));
      return { status: 400, body: { error: "invalid_grant" } };
    };
    idp.misbehave({ replies: { "/token": token } });
    expect((await signIn(project, "apple")).error).toBe("bad_oauth_callback");
    expect(idp.lastRequest.get("response_mode")).toBe("form_post");
    const key = await importSPKI(await exportSPKI(publicKey), "ES256");
    const { payload, protectedHeader } = await jwtVerify(String(secrets[0]), key, {
      issuer: "TEAM123456",
      subject: idp.clientId,
      audience: idp.issuer,
    });
    expect(protectedHeader).toEqual({ alg: "ES256", kid: "KEY1234567" });
    expect(Number(payload.exp) - Number(payload.iat)).toBe(300);

    idp.misbehave({});
    const native = await project.post(
      "/token?grant_type=id_token",
      { provider: "apple", id_token: await idp.idToken() },
      { auth },
    );
    expect(native.body).toMatchObject({ user: { email } });
  });

  it("without its key is the operator's to mend", async () => {
    const project = await projectWith({ name: "apple", kind: "apple", clientSecret: "none" });
    idp.signedIn(verified(freshEmail()));
    expect((await signIn(project, "apple")).error).toBe("unexpected_failure");
  });
});

describe("a provider that nobody has heard of", () => {
  let server: TestServer;
  let origin = "";
  beforeAll(async () => {
    server = await serveJson(({ path, query }) => {
      if (path === "/go") {
        const back = new URL(String(query.get("redirect_uri")));
        back.search = String(new URLSearchParams({ code: "c", state: String(query.get("state")) }));
        return { status: 302, headers: { Location: back.href } };
      }
      if (path === "/swap") return { body: { access_token: "a", token_type: "Bearer" } };
      return { body: { uid: 42, mail: "Ann@Example.com", is_proved: true, title: "Ann" } };
    });
    origin = server.origin;
  });
  afterAll(() => server.close());

  it("is one row more: of OAuth 2 by its endpoints, of OpenID Connect by its issuer", async () => {
    const project = await createProviderProject();
    const begin = { provider: "acme", redirect_to: appUrl };
    const before = await openBrowser(project, auth).open(
      `/authorize?${new URLSearchParams(begin)}`,
    );
    expect(before.status).toBe(400);
    const { admin, keyring } = project.service;
    const acme = {
      name: "acme",
      kind: "oauth2",
      issuer: origin,
      clientId: "c",
      clientSecret: "s",
      scopes: ["who"],
      options: {
        authorization_url: `${origin}/go`,
        token_url: `${origin}/swap`,
        user_url: `${origin}/me`,
        subject_field: "uid",
        email_field: "mail",
        email_verified_field: "is_proved",
        name_field: "title",
      },
    };
    await setProvider(admin, project.id, acme, keyring);
    expect((await signIn(project, "acme")).user).toMatchObject({
      email: "ann@example.com",
      user_metadata: { name: "Ann" },
      identities: [{ id: "42", provider: "acme" }],
    });
    await addProvider(project, oidcRow(idp, { name: "another" }));
    idp.signedIn(verified(freshEmail()));
    expect((await signIn(project, "another")).error).toBeNull();
  });
});

describe("a provider that does not answer", () => {
  it("keeps nobody waiting, and stops no other sign-in (case 85)", async () => {
    const hasty = await openProviderService({ deadline: 200 });
    const dead = await startOidcProvider();
    const project = await createProviderProject([oidcRow(dead)]);
    const begin = { provider: "oidc", redirect_to: appUrl };
    const hang = () => "hang" as const;
    dead.signedIn(verified(freshEmail()));
    for (const path of ["/jwks", "/token"]) {
      dead.misbehave({ replies: { [path]: hang } });
      const { fragment, headers } = await openBrowser(project, hasty).signIn(begin);
      expect(fragment).toMatchObject({
        error: "temporarily_unavailable",
        error_code: "service_unavailable",
      });
      expect(headers.get("Retry-After")).toMatch(/^\d+$/);
    }
    const unheard = await startOidcProvider();
    unheard.misbehave({ replies: { "/.well-known/openid-configuration": hang } });
    await addProvider(project, oidcRow(unheard, { name: "unheard" }));
    const query = new URLSearchParams({ ...begin, provider: "unheard" });
    const waiting = openBrowser(project, hasty).open(`/authorize?${query}`);
    const { user } = await project.signUp();
    expect(user.id).toBeDefined();
    expect((await waiting).status).toBe(503);
    await Promise.all([hasty.close(), dead.close(), unheard.close()]);
  });

  it("is not asked again at once by everybody who comes (case 85)", async () => {
    const broken = await startOidcProvider();
    const service = await openProviderService();
    const project = await createProviderProject([oidcRow(broken)]);
    let asked = 0;
    const fail = () => {
      asked += 1;
      return { status: 500 };
    };
    broken.misbehave({ replies: { "/.well-known/openid-configuration": fail, "/jwks": fail } });
    const query = new URLSearchParams({ provider: "oidc", redirect_to: appUrl });
    for (let time = 0; time < 5; time += 1) {
      const { status } = await openBrowser(project, service).open(`/authorize?${query}`);
      expect(status).toBe(503);
    }
    expect(asked).toBe(1);

    const forgetful = await openProviderService();
    asked = 0;
    broken.misbehave({ replies: { "/jwks": fail } });
    const id_token = await broken.idToken();
    for (let time = 0; time < 5; time += 1) {
      const body = { provider: "oidc", id_token };
      const { status } = await project.post("/token?grant_type=id_token", body, {
        auth: forgetful,
      });
      expect(status).toBe(503);
    }
    expect(asked).toBe(1);
    await Promise.all([service.close(), forgetful.close(), broken.close()]);
  });

  it("is waited for once, however many steps it is slow at (case 85)", async () => {
    const hasty = await openProviderService({ deadline: 400 });
    const project = await projectWith({});
    idp.signedIn(verified(freshEmail()));
    const begin = { provider: "oidc", redirect_to: appUrl };
    expect((await openBrowser(project, hasty).signIn(begin)).fragment.access_token).toBeDefined();
    idp.misbehave({ delay: 300, claims: { email: undefined } });
    const { fragment } = await openBrowser(project, hasty).signIn(begin);
    expect(fragment.error_code).toBe("service_unavailable");
    await hasty.close();
  });

  it("at a private address is not asked unless the operator admits that (case 85)", async () => {
    const strict = await openProviderService({ allowPrivate: false });
    const project = await projectWith({});
    const count = idp.asked.length;
    const query = new URLSearchParams({ provider: "oidc", redirect_to: appUrl });
    const { status } = await openBrowser(project, strict).open(`/authorize?${query}`);
    expect([status, idp.asked.length]).toEqual([503, count]);
    await strict.close();
  });
});
