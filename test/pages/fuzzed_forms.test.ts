import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { ownPage } from "../support/pages.ts";
import { createTestProject, type TestProject } from "../support/project.ts";

const paths = [
  "/sign-in",
  "/sign-up",
  "/forgot-password",
  "/reset-password",
  "/verify",
  "/verify/confirm",
];
const formType = "application/x-www-form-urlencoded";

let project: TestProject;
beforeAll(async () => {
  project = await createTestProject({ site_url: "https://shop.example/", mail_interval: 0 });
});

/** Sends bytes as a form of ours, and checks that a person is answered. */
async function send(path: string, body: string | Uint8Array<ArrayBuffer>, type = formType) {
  const headers = { ...ownPage, "Content-Type": type };
  await answered(path, { method: "POST", headers, body });
}

async function answered(target: string, init?: RequestInit) {
  const reply = await project.service.auth.fetch(new Request(project.authUrl + target, init));
  const text = await reply.text();
  const where = `${target.slice(0, 200)} answered ${reply.status} ${text.slice(0, 300)}`;
  expect(reply.status, where).toBeLessThan(500);
  expect(text, where).not.toMatch(/select |insert |relation|constraint| at .*:\d+/i);
}

const odd: [string, string | Uint8Array<ArrayBuffer>, string?][] = [
  ["nothing", ""],
  ["JSON", '{"email":"a@example.com"}'],
  ["a field given twice", "email=a%40example.com&email=b%40example.com"],
  ["half an escape", "email=%e0%a4%a&password=%"],
  ["UTF-16", Buffer.from("email=a@example.com", "utf16le")],
  ["a byte order mark", "\ufeffemail=a%40example.com"],
  ["bytes that are no UTF-8", Buffer.from("email=\xc3\x28", "latin1")],
  ["U+0000", "email=a%00%40example.com&password=abc%00def12345"],
  ["half a surrogate pair", "email=%ed%a0%80%40example.com&password=%ed%bf%bf12345678"],
  ["names that mean something to JavaScript", "__proto__=x&constructor=y&toString=z"],
  ["100,000 fields", Array.from({ length: 100_000 }, (_, n) => `f${n}=1`).join("&")],
  ["a list's and an object's spelling", "email[]=a&email[x]=b&password[$ne]="],
  ["another type", "email=a%40example.com", "multipart/form-data; boundary=x"],
];

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }).filter((value) => value.isWellFormed()),
  fc.constantFrom("", "'; --", "$$", "\\", "a@b", "null", "a".repeat(5_000), "\u202e", "{{7*7}}"),
);
const name = fc.oneof(
  text,
  fc.constantFrom("email", "password", "code", "token", "type", "by", "from", "redirect_to"),
  fc.constantFrom("state", "error", "code_challenge", "code_challenge_method", "lang"),
);
const fields = fc.array(fc.tuple(name, text), { maxLength: 6 });

describe("a form that nobody should send (case 152)", () => {
  it.each(odd)("is answered to a person by every page: %s", async (_, body, type) => {
    for (const path of paths) await send(path, body, type);
  });

  it("is answered to a person whatever it holds, in a form or in a query", async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), fields, async (path, pairs) => {
        const encoded = new URLSearchParams(pairs).toString();
        await send(path, encoded);
        await answered(`${path}?${encoded}`);
      }),
      { numRuns: 100 },
    );
  });
});
