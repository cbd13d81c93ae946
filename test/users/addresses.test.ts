import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { canonicalEmail } from "../../src/emails/canonical.ts";
import { createTestProject, goodPassword, type TestProject } from "../support/project.ts";

describe("e-mail addresses", () => {
  let project: TestProject;

  beforeAll(async () => {
    project = await createTestProject();
    await project.signUp({ email: "Mike@Example.org" });
  });

  const emails = async () => {
    const rows = await project.sql<{ email: string }>("select email from users order by email");
    return rows.map((row) => row.email);
  };

  it("are one account in every case of ASCII letters, and keep the typed form", async () => {
    expect(await project.sql("select email, email_as_typed from users")).toEqual([
      { email: "mike@example.org", email_as_typed: "Mike@Example.org" },
    ]);
    const signedIn = await project.post("/token", {
      email: "MIKE@example.ORG",
      password: goodPassword,
    });
    expect(signedIn.status).toBe(200);
    expect(signedIn.body.user).toMatchObject({ email: "mike@example.org" });
    const again = await project.post("/signup", {
      email: "miKe@example.org",
      password: goodPassword,
    });
    expect(again.body).toMatchObject({ code: 422, error_code: "user_already_exists" });
  });

  it.each([
    ["a dotless i", "m\u0131ke@example.org"],
    ["a dotted capital I", "M\u0130KE@example.org"],
    ["the Kelvin sign", "mi\u212ae@example.org"],
    ["a full-width m", "\uff4dike@example.org"],
    ["a Cyrillic i", "m\u0456ke@example.org"],
    ["a ligature", "\ufb01mike@example.org"],
    ["a zero-width space", "mi\u200bke@example.org"],
    ["a trailing dot", "mike@example.org."],
    ["a full-width domain", "mike@\uff45xample.org"],
    ["an ideographic full stop", "mike@example\u3002org"],
  ])("never let %s be Mike, at sign-up or at sign-in (case 17)", async (_name, email) => {
    for (const path of ["/signup", "/token"]) {
      const reply = await project.post(path, { email, password: goodPassword });
      expect(reply.status).toBe(400);
      expect(reply.body).toMatchObject({
        error_code: "validation_failed",
        msg: "Unable to validate email address: invalid format",
      });
    }
    expect(await emails()).toEqual(["mike@example.org"]);
  });

  it.each([
    ["two addresses", "a@x.com,b@y.com"],
    ["a header", "a@x.com\r\nBcc: b@y"],
    ["a quoted local part", '"a@evil.com x"@good.com'],
    ["a display name", "a@x.com <b@y>"],
    ["10 kB", `${"a".repeat(10_000)}@x.com`],
    ["nested groups", "a:b:c:..;"],
    ["an object", { $ne: null }],
    ["a list", ["mike@example.org"]],
    ["nothing", ""],
  ])("are refused at the door when they are %s (case 21)", async (_name, email) => {
    for (const path of ["/signup", "/token"]) {
      const reply = await project.post(path, { email, password: goodPassword });
      expect(reply.status).toBe(400);
      expect(reply.body).toMatchObject({ error_code: "validation_failed" });
    }
    expect(await emails()).toEqual(["mike@example.org"]);
  });

  it("are accepted by the table in every form that folding gives (case 20)", async () => {
    const local = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,12}(\.[A-Z0-9_-]{1,3})?$/);
    const label = fc.stringMatching(/^[A-Za-z0-9éßёдςσ例え-]{1,12}$/);
    const address = fc
      .tuple(local, label, label, fc.constantFrom("org", "УКР", "co.uk", "example"))
      .map(([user, first, second, tld]) => `${user}@${first}.${second}.${tld}`);
    const longest = `${"a".repeat(64)}@${`${"b".repeat(61)}.`.repeat(3)}org`;
    expect(canonicalEmail(longest)).toHaveLength(254);

    const folded = new Set([longest]);
    for (const input of fc.sample(address, 5_000)) {
      const canonical = canonicalEmail(input);
      if (canonical !== null) folded.add(canonical);
    }
    expect(folded.size).toBeGreaterThan(1_500);
    const stored = await project.sql<{ email: string }>(
      `insert into users (email) select unnest($1::text[]) returning email`,
      [[...folded]],
    );
    expect(new Set(stored.map((row) => row.email))).toEqual(folded);
    await project.sql("delete from users where email <> 'mike@example.org'");
  });

  it("are refused by the table in any form that folding does not give (case 20)", async () => {
    const unfolded = [
      "Mike2@example.org",
      "mike2@Example.org",
      "m\u0131ke@example.org",
      "mi\u212ae@example.org",
      "mik\u00e9@example.org",
      "mike2@m\u00fcnchen.example",
      "mike2@example.org.",
      "mike2@example.org\n",
      " mike2@example.org",
      "mike2@localhost",
      "mike2.@example.org",
      "a@b@example.org",
      "mike2@-example.org",
      `a@${"b".repeat(64)}.org`,
      `${"a".repeat(65)}@${`${"b".repeat(61)}.`.repeat(3)}org`,
      "",
    ];
    for (const email of unfolded) {
      const insert = project.sql("insert into users (email) values ($1)", [email]);
      await expect(insert).rejects.toMatchObject({ constraint: "users_email_is_canonical" });
    }
    expect(await emails()).toEqual(["mike@example.org"]);
  });
});
