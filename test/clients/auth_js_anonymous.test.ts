import { beforeAll, describe, expect, it } from "vitest";
import { appClient } from "../support/auth_js.ts";
import { mailingProject } from "../support/mailed.ts";
import { newestMail } from "../support/outbox.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type TestProject,
} from "../support/project.ts";

let project: TestProject;
beforeAll(async () => {
  project = await mailingProject({ anonymous_users: true });
});

describe("an app on @supabase/auth-js whose users begin without an account", () => {
  it("signs in anonymously, and makes the user permanent under the same id", async () => {
    const client = appClient(project);
    const events: string[] = [];
    client.onAuthStateChange((event) => void events.push(event));
    const { data, error } = await client.signInAnonymously({ options: { data: { cart: 3 } } });
    expect(error).toBeNull();
    expect(data.user).toMatchObject({ is_anonymous: true, user_metadata: { cart: 3 } });
    const id = data.user?.id;

    const early = await client.updateUser({ password: goodPassword });
    expect(early.error).toMatchObject({ status: 422, code: "validation_failed" });

    const email = freshEmail();
    const asked = await client.updateUser({ email });
    expect(asked.error).toBeNull();
    expect(asked.data.user).toMatchObject({ id, new_email: email, is_anonymous: true });

    const { token } = await newestMail(project, email);
    const proved = await client.verifyOtp({ type: "email_change", token_hash: token });
    expect(proved.error).toBeNull();
    expect(proved.data.user).toMatchObject({ id, email, is_anonymous: false });

    expect((await client.updateUser({ password: goodPassword })).error).toBeNull();
    const elsewhere = appClient(project);
    const signedIn = await elsewhere.signInWithPassword({ email, password: goodPassword });
    expect(signedIn.data.user).toMatchObject({ id, user_metadata: { cart: 3 } });
    expect(events).toEqual([
      "INITIAL_SESSION",
      "SIGNED_IN",
      "USER_UPDATED",
      "SIGNED_IN",
      "USER_UPDATED",
    ]);
  });

  it("is told in the words that it knows where that is off", async () => {
    const client = appClient(await createTestProject());
    const { data, error } = await client.signInAnonymously();
    expect(data.session).toBeNull();
    expect(error).toMatchObject({
      status: 422,
      code: "anonymous_provider_disabled",
      message: "Anonymous sign-ins are disabled",
    });
  });
});
