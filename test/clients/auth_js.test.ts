import type { Session } from "@supabase/auth-js";
import { beforeAll, describe, expect, it } from "vitest";
import { appClient, memoryStorage } from "../support/auth_js.ts";
import { claimsOf } from "../support/jwt.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type TestProject,
} from "../support/project.ts";
import { activateKey, freshServer, newKeyPair, storeKey } from "../support/signing_keys.ts";

let project: TestProject;

beforeAll(async () => {
  project = await createTestProject();
});

/** Signs a fresh user up in a client of its own. */
async function signedUp(data: object = {}) {
  const client = appClient(project);
  const email = freshEmail();
  const result = await client.signUp({ email, password: goodPassword, options: { data } });
  expect(result.error).toBeNull();
  const { session, user } = result.data;
  if (!session || !user) throw new Error("sign-up gave no session");
  return { client, email, session, user };
}

/** Signs the same user in on another device. */
async function signedIn(email: string) {
  const client = appClient(project);
  const { data, error } = await client.signInWithPassword({ email, password: goodPassword });
  expect(error).toBeNull();
  return { client, session: data.session as Session };
}

const isLive = async (client: { getUser(): Promise<{ error: unknown }> }) =>
  (await client.getUser()).error === null;

describe("an app on @supabase/auth-js", () => {
  it("signs a user up, and is signed in at once", async () => {
    const { client, email, session, user } = await signedUp({ plan: "free" });
    expect(user).toMatchObject({
      email,
      phone: "",
      aud: "authenticated",
      role: "authenticated",
      is_anonymous: false,
      user_metadata: { plan: "free" },
      app_metadata: { provider: "email", providers: ["email"] },
      identities: [{ provider: "email", user_id: user.id, identity_data: { email } }],
    });
    expect(session.token_type).toBe("bearer");
    expect((await client.getSession()).data.session?.access_token).toBe(session.access_token);
    const { data, error } = await client.getUser();
    expect(error).toBeNull();
    expect(data.user).toEqual(user);
    expect((await client.getUserIdentities()).data?.identities).toHaveLength(1);
  });

  it("signs in, and hears of it and of what follows", async () => {
    const { email, user } = await signedUp();
    const client = appClient(project);
    const events: string[] = [];
    client.onAuthStateChange((event) => void events.push(event));
    const { data, error } = await client.signInWithPassword({ email, password: goodPassword });
    expect(error).toBeNull();
    expect(data.user?.id).toBe(user.id);
    await client.refreshSession();
    await client.updateUser({ data: { seen: true } });
    await client.signOut();
    expect(events).toEqual([
      "INITIAL_SESSION",
      "SIGNED_IN",
      "TOKEN_REFRESHED",
      "USER_UPDATED",
      "SIGNED_OUT",
    ]);
  });

  it("refreshes, sets a session that it was handed, and goes on", async () => {
    const { client, session } = await signedUp();
    const { data, error } = await client.refreshSession();
    expect(error).toBeNull();
    expect(data.session?.refresh_token).not.toBe(session.refresh_token);
    expect(claimsOf(data.session?.access_token ?? "").session_id).toBe(
      claimsOf(session.access_token).session_id,
    );
    const other = appClient(project);
    const handed = await other.setSession(data.session as Session);
    expect(handed.error).toBeNull();
    expect((await other.refreshSession()).error).toBeNull();
    expect(await isLive(other)).toBe(true);
  });

  it("refreshes by itself once the access token has expired", async () => {
    const { session } = await signedUp();
    const storage = memoryStorage();
    await storage.setItem("kept", JSON.stringify({ ...session, expires_at: 1 }));
    const client = appClient(project, { storage, storageKey: "kept" });
    const { data, error } = await client.getSession();
    expect(error).toBeNull();
    expect(data.session?.refresh_token).toMatch(/^[\w-]{43}$/);
    expect(data.session?.refresh_token).not.toBe(session.refresh_token);
    expect(await isLive(client)).toBe(true);
  });

  it("may refresh in two tabs at once, and both stay signed in (case 29)", async () => {
    const { session } = await signedUp();
    const tabs = [appClient(project), appClient(project), appClient(project)];
    for (const tab of tabs) await tab.setSession(session);
    const results = await Promise.all(tabs.map((tab) => tab.refreshSession()));
    expect(results.map(({ error }) => error)).toEqual([null, null, null]);
    const tokens = results.map(({ data }) => data.session?.refresh_token);
    expect(new Set(tokens).size).toBe(1);
    for (const tab of tabs) {
      expect((await tab.refreshSession()).error).toBeNull();
      expect(await isLive(tab)).toBe(true);
    }
  });

  it("changes metadata by merging, and a password that the next sign-in wants", async () => {
    const { client, email } = await signedUp({ plan: "free", theme: "dark" });
    const changed = await client.updateUser({ data: { plan: "paid", theme: null } });
    expect(changed.error).toBeNull();
    expect(changed.data.user?.user_metadata).toEqual({ plan: "paid" });

    const elsewhere = await signedIn(email);
    const password = "an even better phrase";
    expect((await client.updateUser({ password })).error).toBeNull();
    expect(await isLive(client)).toBe(true);
    expect(await isLive(elsewhere.client)).toBe(false);
    const again = appClient(project);
    const old = await again.signInWithPassword({ email, password: goodPassword });
    expect(old.error?.code).toBe("invalid_credentials");
    expect((await again.signInWithPassword({ email, password })).error).toBeNull();
  });

  it("signs out here, elsewhere or everywhere", async () => {
    const { client: first, email } = await signedUp();
    const { client: second } = await signedIn(email);
    const { client: third } = await signedIn(email);
    const live = async () => Promise.all([first, second, third].map(isLive));
    expect(await live()).toEqual([true, true, true]);

    expect((await second.signOut({ scope: "local" })).error).toBeNull();
    expect(await live()).toEqual([true, false, true]);
    expect((await second.getSession()).data.session).toBeNull();

    expect((await third.signOut({ scope: "others" })).error).toBeNull();
    expect(await live()).toEqual([false, false, true]);
    expect((await third.getSession()).data.session).not.toBeNull();

    const { client: fourth } = await signedIn(email);
    expect((await third.signOut()).error).toBeNull();
    expect(await isLive(fourth)).toBe(false);
    expect((await fourth.signOut()).error).toBeNull();
  });

  it("has the service vouch for the claims of a token under the shared secret", async () => {
    const { client, session, user } = await signedUp();
    const { data, error } = await client.getClaims();
    expect(error).toBeNull();
    expect(data?.header.alg).toBe("HS256");
    expect(data?.claims).toMatchObject({ sub: user.id, aal: "aal1", iss: project.authUrl });
    await client.signOut();
    const after = await client.getClaims(session.access_token);
    expect(after.error?.name).toBe("AuthSessionMissingError");
  });

  it("proves the claims of a token by the published keys", async () => {
    const modern = await createTestProject();
    const key = await newKeyPair("ES256");
    await storeKey(modern, key, "next");
    await activateKey(modern, key, "1 hour");
    const auth = await freshServer();
    const client = appClient(modern, { auth });
    const email = freshEmail();
    const { data: signed } = await client.signUp({ email, password: goodPassword });
    const { data, error } = await client.getClaims();
    expect(error).toBeNull();
    expect(data?.header).toEqual({ alg: "ES256", typ: "JWT", kid: key.kid });
    expect(data?.claims.email).toBe(email);
    const forged = `${signed.session?.access_token.slice(0, -6)}AAAAAA`;
    expect((await client.getClaims(forged)).error?.name).toBe("AuthInvalidJwtError");
    await auth.close();
  });
});
