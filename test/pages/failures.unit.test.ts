import { pino } from "pino";
import { afterAll, describe, expect, it } from "vitest";
import { DatabaseError } from "../../src/database/errors.ts";
import { AuthError } from "../../src/errors.ts";
import { stubService } from "../support/stub_database.ts";

const lines: string[] = [];
const logger = pino({ level: "trace" }, { write: (line: string) => lines.push(line) });
const service = stubService({ logger });
afterAll(() => service.auth.close());

async function submit(path: string, fields: Record<string, string>) {
  const reply = await service.auth.fetch(
    new Request(service.authUrl + path, {
      method: "POST",
      headers: {
        "Content-Type": "application/x-www-form-urlencoded",
        "Sec-Fetch-Site": "same-origin",
      },
      body: new URLSearchParams(fields).toString(),
    }),
  );
  return { reply, html: await reply.text() };
}

const forms: [string, string, Record<string, string>][] = [
  ["/sign-in", "password_salt", { email: "needle@example.com", password: "needle of a phrase" }],
  ["/sign-in", "request_sign_in", { email: "needle@example.com", by: "mail" }],
  ["/sign-up", "signup", { email: "needle@example.com", password: "needle of a phrase" }],
  ["/forgot-password", "request_recovery", { email: "needle@example.com" }],
  ["/reset-password", "link_account", { token: "A".repeat(43), password: "needle of a phrase" }],
  ["/verify/confirm", "verify_link", { token: "A".repeat(43), type: "magiclink" }],
  ["/verify/confirm", "verify_code", { email: "needle@example.com", code: "123456" }],
];

describe("a page whose database", () => {
  it.each(forms)(
    "fails says so on a page, %s by %s, and logs no word of it",
    async (path, name, fields) => {
      lines.length = 0;
      service.answer(name, () => {
        throw new DatabaseError("XX000", undefined, "the driver quotes needle@example.com");
      });
      const { reply, html } = await submit(path, fields);
      expect([reply.status, reply.headers.get("Content-Type")]).toEqual([
        500,
        "text/html; charset=UTF-8",
      ]);
      expect(html).toContain("Something went wrong here. Try again.");
      expect(html).not.toContain("driver");
      expect(lines.some((line) => line.includes('"unexpected_failure"'))).toBe(true);
      expect(lines.join("\n")).not.toContain("needle");
    },
  );

  it.each(forms)("is away asks for another try, %s by %s", async (path, name, fields) => {
    service.answer(name, () => {
      throw new AuthError("service_unavailable");
    });
    const { reply, html } = await submit(path, fields);
    expect([reply.status, reply.headers.get("Retry-After")]).toEqual([503, "1"]);
    expect(html).toContain("The service cannot answer now.");
  });
});
