import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { canonicalEmail } from "../../src/emails/canonical.ts";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { createTestProject, goodPassword, type TestProject } from "../support/project.ts";

/** 10^5 of them, some good, most odd in the local part, the domain or both. */
function fuzzedAddresses(): string[] {
  const odd = fc.string({
    unit: fc.constantFrom(...'aKeı\u0130\u212aÅßςΣéёд例ｅﬁ\u00ad\u200d\u0301.-+@ ,"Z9'),
    minLength: 1,
    maxLength: 8,
  });
  const local = fc.oneof(
    {
      weight: 2,
      arbitrary: fc.stringMatching(/^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,12}(\.[A-Z_-]{1,3})?$/),
    },
    { weight: 1, arbitrary: odd },
  );
  const label = fc.oneof(fc.stringMatching(/^[A-Za-z0-9éßёдςσ例え-]{1,12}$/), odd);
  const domain = fc
    .tuple(label, fc.constantFrom("org", "ORG", "УКР", "co.uk", "example", "123", "xn--zzzz", ""))
    .map((parts) => parts.join("."));
  const different = (texts: fc.Arbitrary<string>) =>
    [...new Set(fc.sample(texts, 450))].slice(0, 320);
  const domains = different(domain);
  return different(local).flatMap((user) => domains.map((name) => `${user}@${name}`));
}

/** Those that the table's own rule takes. */
async function takenByTable(project: TestProject, emails: string[]): Promise<Set<string>> {
  const [row] = await project.sql<{ rule: string }>(
    `select pg_get_expr(conbin, conrelid) as rule from pg_constraint
     where conrelid = 'users'::regclass and conname = 'users_email_is_canonical'`,
  );
  const rows = await project.sql<{ email: string }>(
    `select email from (select typed collate "C" as email from unnest($1::text[]) typed) t where ${row?.rule}`,
    [emails],
  );
  return new Set(rows.map(({ email }) => email));
}

describe("e-mail addresses", () => {
  let project: TestProject;
  let mike: SessionReply;

  beforeAll(async () => {
    project = await createTestProject();
    mike = await project.signUp({ email: "Mike@Example.org" });
  });

  const wish = (email: unknown) =>
    project.request("/user", { method: "PATCH", token: mike.access_token, body: { email } });

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
  ])(
    "never let %s be Mike, at sign-up, at sign-in or by a change (case 17)",
    async (_name, email) => {
      for (const ask of [
        () => project.post("/signup", { email, password: goodPassword }),
        () => project.post("/token", { email, password: goodPassword }),
        () => wish(email),
      ]) {
        const reply = await ask();
        expect(reply.status).toBe(400);
        expect(reply.body).toMatchObject({
          error_code: "validation_failed",
          msg: "Unable to validate email address: invalid format",
        });
      }
      expect(await emails()).toEqual(["mike@example.org"]);
    },
  );

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

  it("are the same to SQL and to TypeScript: the table takes what folding gives, and nothing that it would change (case 20)", async () => {
    const folded: string[] = [];
    const inputs = fuzzedAddresses();
    expect(inputs.length).toBeGreaterThan(100_000);
    for (const input of inputs) {
      const canonical = canonicalEmail(input);
      if (canonical !== null) folded.push(canonical);
    }
    const longest = `${"a".repeat(64)}@${`${"b".repeat(61)}.`.repeat(3)}org`;
    expect(canonicalEmail(longest)).toHaveLength(254);
    expect(new Set(folded).size).toBeGreaterThan(5_000);

    const taken = await takenByTable(project, [...new Set([...inputs, ...folded, longest])]);
    expect([...folded, longest].filter((email) => !taken.has(email))).toEqual([]);
    const changed = [...taken].filter((email) => ![email, null].includes(canonicalEmail(email)));
    expect(changed).toEqual([]);
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
