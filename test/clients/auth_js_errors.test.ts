import {
  AuthApiError,
  AuthRetryableFetchError,
  AuthSessionMissingError,
  AuthWeakPasswordError,
} from "@supabase/auth-js";
import { describe, expect, it } from "vitest";
import { createAuth } from "../../src/auth.ts";
import { connectPostgres } from "../../src/database/postgres.ts";
import { appClient, memoryStorage } from "../support/auth_js.ts";
import { claimsOf, craftToken } from "../support/jwt.ts";
import { createTestProject, freshEmail, goodPassword } from "../support/project.ts";

/** What an app branches on. */
function kind(error: unknown) {
  const { name, code, status } = error as { name?: string; code?: string; status?: number };
  return { name, code, status };
}

const apiError = (code: string, status: number) => ({ name: "AuthApiError", code, status });

describe("the errors that an app on @supabase/auth-js knows", () => {
  it("are AuthApiError with the code of what was refused, at sign-up and sign-in", async () => {
    const project = await createTestProject();
    const client = appClient(project);
    const email = freshEmail();
    await client.signUp({ email, password: goodPassword });

    const again = await appClient(project).signUp({ email, password: goodPassword });
    expect(again.error).toBeInstanceOf(AuthApiError);
    expect(kind(again.error)).toEqual(apiError("user_already_exists", 422));
    expect(again.error?.message).toMatch(/^User already registered/);
    expect(again.data).toEqual({ user: null, session: null });

    const wrong = await client.signInWithPassword({ email, password: "not the phrase" });
    const unknown = await client.signInWithPassword({ email: freshEmail(), password: "x" });
    expect(kind(wrong.error)).toEqual(apiError("invalid_credentials", 400));
    expect(kind(unknown.error)).toEqual(kind(wrong.error));
    expect(wrong.error?.message).toBe("Invalid login credentials");

    const malformed = await client.signUp({ email: "nobody", password: goodPassword });
    expect(kind(malformed.error)).toEqual(apiError("validation_failed", 400));
    expect(malformed.error?.message).toBe("Unable to validate email address: invalid format");
    const phone = await client.signUp({ phone: "+4912345678", password: goodPassword });
    expect(phone.error?.code).toBe("phone_provider_disabled");
    expect((await client.signInAnonymously()).error?.code).toBe("anonymous_provider_disabled");
  });

  it("are AuthWeakPasswordError with its reasons", async () => {
    const project = await createTestProject();
    const client = appClient(project);
    const short = await client.signUp({ email: freshEmail(), password: "Ab1!xyz" });
    expect(short.error).toBeInstanceOf(AuthWeakPasswordError);
    expect((short.error as AuthWeakPasswordError).reasons).toEqual(["length"]);
    expect(short.error?.message).toMatch(/^Password should be at least 8 characters/);
    const common = await client.signUp({ email: freshEmail(), password: "password123" });
    expect(common.error).toBeInstanceOf(AuthWeakPasswordError);
    expect((common.error as AuthWeakPasswordError).reasons).toEqual(["pwned"]);

    await client.signUp({ email: freshEmail(), password: goodPassword });
    const changed = await client.updateUser({ password: "1234567" });
    expect(changed.error).toBeInstanceOf(AuthWeakPasswordError);
    expect((changed.error as AuthWeakPasswordError).reasons).toContain("length");
    const same = await client.updateUser({ password: goodPassword });
    expect(kind(same.error)).toEqual(apiError("same_password", 422));
  });

  it("are AuthSessionMissingError when there is no session, here or at the service", async () => {
    const project = await createTestProject();
    const nobody = appClient(project);
    for (const { error } of [
      await nobody.getUser(),
      await nobody.refreshSession(),
      await nobody.updateUser({ data: {} }),
    ]) {
      expect(error).toBeInstanceOf(AuthSessionMissingError);
    }

    const client = appClient(project);
    await client.signUp({ email: freshEmail(), password: goodPassword });
    const { session_id: id } = claimsOf(
      (await client.getSession()).data.session?.access_token ?? "",
    );
    await project.sql(
      "update sessions set revoked_at = now(), revoked_because = 'test' where id = $1",
      [id],
    );
    expect((await client.updateUser({ data: {} })).error).toBeInstanceOf(AuthSessionMissingError);
    expect((await client.getUser()).error).toBeInstanceOf(AuthSessionMissingError);
    expect((await client.getSession()).data.session).toBeNull();
    expect((await client.signOut()).error).toBeNull();
  });

  it("are AuthApiError for a bearer that is not good, and a refresh token that is spent", async () => {
    const project = await createTestProject();
    const client = appClient(project);
    const { data } = await client.signUp({ email: freshEmail(), password: goodPassword });
    const token = data.session?.access_token ?? "";
    const expired = craftToken({
      payload: { ...claimsOf(token), exp: 1 },
      sign: project.jwtSecret,
    });
    for (const bad of [expired, `${token}x`]) {
      const { error } = await client.getUser(bad);
      expect(kind(error)).toEqual(apiError("bad_jwt", 403));
      expect(error?.message).toMatch(/^invalid JWT/);
    }
    const unknown = await client.refreshSession({ refresh_token: "nonsense" });
    expect(kind(unknown.error)).toEqual(apiError("refresh_token_not_found", 400));
    expect(unknown.error?.message).toBe("Invalid Refresh Token: Refresh Token Not Found");

    await project.sql("update users set banned_until = now() + interval '1 day'");
    expect((await client.getUser(token)).error?.code).toBe("user_banned");
    const email = data.user?.email ?? "";
    const banned = await client.signInWithPassword({ email, password: goodPassword });
    expect(kind(banned.error)).toEqual(apiError("user_banned", 400));
  });

  it("tell of a session that ended because its refresh token was stolen (case 31)", async () => {
    const project = await createTestProject();
    const client = appClient(project);
    const { data } = await client.signUp({ email: freshEmail(), password: goodPassword });
    const stolen = data.session?.refresh_token ?? "";
    await client.refreshSession();
    await client.refreshSession();
    await project.sql("update refresh_tokens set used_at = used_at - interval '1 minute'");
    const thief = await appClient(project).refreshSession({ refresh_token: stolen });
    expect(kind(thief.error)).toEqual(apiError("refresh_token_already_used", 400));
    const victim = await client.refreshSession();
    expect(victim.error).not.toBeNull();
    expect((await client.getUser()).error).toBeInstanceOf(AuthSessionMissingError);
  });

  it("say that an address must be confirmed first, where the project asks for it", async () => {
    const project = await createTestProject({ email_confirmation: "required" });
    const client = appClient(project);
    const email = freshEmail();
    const { data, error } = await client.signUp({ email, password: goodPassword });
    expect(error).toBeNull();
    expect(data.session).toBeNull();
    expect(data.user).toMatchObject({ email });
    const signIn = await client.signInWithPassword({ email, password: goodPassword });
    expect(kind(signIn.error)).toEqual(apiError("email_not_confirmed", 400));
  });

  it("say that there were too many guesses", async () => {
    const project = await createTestProject({ login_failures_before_wait: 1 });
    const client = appClient(project);
    const email = freshEmail();
    await client.signInWithPassword({ email, password: "first guess" });
    const { error } = await client.signInWithPassword({ email, password: "second guess" });
    expect(kind(error)).toEqual(apiError("over_request_rate_limit", 429));
  });

  it("are AuthRetryableFetchError while the database is away, and the session is kept", async () => {
    const project = await createTestProject();
    const { masterKey, publicUrl } = project.service;
    const database = connectPostgres({ url: "postgres://nobody@127.0.0.1:1/nothing" });
    const auth = createAuth({ database, masterKey, publicUrl });
    const storage = memoryStorage();
    const kept = { storage, storageKey: "kept" };
    const email = freshEmail();
    await appClient(project, kept).signUp({ email, password: goodPassword });

    const client = appClient(project, { ...kept, auth });
    const replies = [
      await client.getUser(),
      await client.updateUser({ data: { plan: "paid" } }),
      await appClient(project, { auth }).signUp({ email: freshEmail(), password: goodPassword }),
      await appClient(project, { auth }).signInWithPassword({ email, password: goodPassword }),
    ];
    for (const { error } of replies) {
      expect(error).toBeInstanceOf(AuthRetryableFetchError);
      expect(error?.status).toBe(503);
    }
    await auth.close();
    await database.close();

    const back = appClient(project, kept);
    expect((await back.getUser()).data.user?.email).toBe(email);
    expect((await back.refreshSession()).error).toBeNull();
  });
});
