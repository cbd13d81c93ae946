import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTestAuth, type TestAuth } from "../../src/testing/index.ts";

let auth: TestAuth;

beforeAll(async () => {
  auth = await createTestAuth({ settings: { email_confirmation: "required", mail_interval: 0 } });
});
beforeEach(() => auth.mailbox.clear());
afterAll(() => auth.close());

function post(path: string, body: object): Promise<Response> {
  return auth.fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

describe("the mailbox of createTestAuth", () => {
  it("has the mail of a sign-up, whose token signs in", async () => {
    await post("/signup", { email: "ada@example.com", password: "a perfectly fine phrase" });
    const mail = await auth.mailbox.latest("ada@example.com");
    expect(mail).toMatchObject({ to: "ada@example.com", purpose: "signup" });
    expect(mail.code).toMatch(/^\d{6}$/);
    expect(mail.link).toContain(`token=${mail.token}`);
    expect(mail.text).toContain(mail.link);
    expect(mail.html).toContain(mail.code);
    const reply = await post("/verify", { type: "signup", token_hash: mail.token });
    expect([reply.status, await reply.json()]).toEqual([
      200,
      expect.objectContaining({ access_token: expect.any(String) }),
    ]);
  });

  it("has all mail to an address, the newest first, and forgets it when asked", async () => {
    for (const email of ["bo@example.com", "cy@example.com"]) {
      await post("/signup", { email, password: "a perfectly fine phrase" });
    }
    await post("/recover", { email: "bo@example.com" });
    const purposes = (mails: readonly { purpose: string }[]) => mails.map(({ purpose }) => purpose);
    expect(purposes(await auth.mailbox.all("bo@example.com"))).toEqual(["recovery", "signup"]);
    expect(await auth.mailbox.all()).toHaveLength(3);
    await auth.mailbox.clear("bo@example.com");
    expect(await auth.mailbox.all()).toHaveLength(1);
    await expect(auth.mailbox.latest("bo@example.com")).rejects.toThrow(
      "no mail to bo@example.com",
    );
  });

  it("is empty after a reset, also of what waited, and the address may ask again", async () => {
    const credentials = { email: "dee@example.com", password: "a perfectly fine phrase" };
    await post("/signup", credentials);
    await auth.mailbox.latest(credentials.email);
    await post("/recover", { email: credentials.email });
    await auth.reset();
    expect(await auth.mailbox.all()).toEqual([]);
    await post("/signup", credentials);
    expect(await auth.mailbox.all(credentials.email)).toHaveLength(1);
  });

  it("has none for an address that nobody has", async () => {
    await post("/recover", { email: "nobody@example.com" });
    expect(await auth.mailbox.all()).toEqual([]);
  });
});
