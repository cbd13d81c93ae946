import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningServer, startServer } from "../../src/http/server.ts";
import { appClient } from "../support/auth_js.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type TestProject,
} from "../support/project.ts";

let project: TestProject;
let server: RunningServer;
let url: string;

beforeAll(async () => {
  project = await createTestProject();
  const { auth } = project.service;
  server = await startServer({ fetch: auth.fetch, host: "127.0.0.1", port: 0 });
  url = `http://127.0.0.1:${server.port}/${project.id}`;
});

afterAll(() => server.close());

describe("an app on @supabase/auth-js, over the network", () => {
  it("lives a whole life: sign-up to sign-out", async () => {
    const client = appClient(project, { url });
    const email = freshEmail();
    const signedUp = await client.signUp({ email, password: goodPassword });
    expect(signedUp.error).toBeNull();
    expect((await client.getUser()).data.user).toEqual(signedUp.data.user);
    expect((await client.getClaims()).data?.claims.email).toBe(email);
    expect((await client.refreshSession()).error).toBeNull();
    const changed = await client.updateUser({ data: { name: "Grüße 😀" } });
    expect(changed.data.user?.user_metadata).toEqual({ name: "Grüße 😀" });

    const other = appClient(project, { url });
    const signedIn = await other.signInWithPassword({ email, password: goodPassword });
    expect(signedIn.data.user?.user_metadata).toEqual({ name: "Grüße 😀" });
    expect((await client.signOut({ scope: "others" })).error).toBeNull();
    expect((await other.getUser()).error?.name).toBe("AuthSessionMissingError");
    expect((await client.signOut({ scope: "global" })).error).toBeNull();
    expect((await client.getSession()).data.session).toBeNull();
  });

  it("is told its errors by code, and of the service when it is gone", async () => {
    const client = appClient(project, { url });
    const wrong = await client.signInWithPassword({ email: freshEmail(), password: "nothing" });
    expect(wrong.error).toMatchObject({ name: "AuthApiError", code: "invalid_credentials" });
    const weak = await client.signUp({ email: freshEmail(), password: "short" });
    expect(weak.error).toMatchObject({ name: "AuthWeakPasswordError", reasons: ["length"] });
    const elsewhere = appClient(project, { url: `${url}_nobody` });
    const missing = await elsewhere.signUp({ email: freshEmail(), password: goodPassword });
    expect(missing.error).toMatchObject({ name: "AuthApiError", code: "project_not_found" });
  });
});
