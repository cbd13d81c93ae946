import fc from "fast-check";
import { expect } from "vitest";
import { errorTable } from "../../src/errors.ts";
import { ageSession, sessionIdOf } from "./age.ts";
import { createTestProject, type TestProject } from "./project.ts";
import { routeTable } from "./routes.ts";
import { serviceToken } from "./service_token.ts";

export interface Target {
  readonly method: string;
  readonly path: string;
}

/** A project to which anything is sent, in the name of a user who outlives it. */
export interface Fuzzed {
  readonly project: TestProject;
  readonly token: string;
  /** Every method and path that reads a body. */
  readonly targets: readonly Target[];
  /** Sends bytes, checks that the answer is a clean one, and gives its status. */
  send(target: Target, body: string | Uint8Array, type?: string): Promise<number>;
}

export async function openFuzzed(): Promise<Fuzzed> {
  const project = await createTestProject();
  const session = await project.signUp();
  const token = session.access_token;
  // Too old to change a password or be deleted.
  await ageSession(project, sessionIdOf(session), "25 hours");
  const targets = routeTable()
    .filter(({ method }) => method !== "GET")
    .map(({ method, path }) => ({
      method,
      path: path.replace(/\{\w+\}/, "2b1f8a3e-1c4d-4a6f-9b7e-3d5c7f9a1b2c"),
    }));
  return {
    project,
    token,
    targets,
    async send({ method, path }, body, type = "application/json") {
      const bearer = path === "/invite" ? serviceToken(project) : path === "/logout" ? null : token;
      const reply = await project.service.auth.fetch(
        new Request(project.authUrl + path, {
          method,
          body: typeof body === "string" ? new TextEncoder().encode(body) : new Uint8Array(body),
          headers: {
            "Content-Type": type,
            ...(bearer ? { Authorization: `Bearer ${bearer}` } : {}),
          },
        }),
      );
      expectClean(reply.status, await reply.text(), `${method} ${path}`);
      return reply.status;
    },
  };
}

function expectClean(status: number, text: string, target: string): void {
  const where = `${target} answered ${status} ${text.slice(0, 300)}`;
  expect(status, where).toBeLessThan(500);
  if (status < 400) return;
  const { code, error_code, msg, weak_password, ...rest } = JSON.parse(text);
  expect([code, typeof msg, rest], where).toEqual([status, "string", {}]);
  expect(Object.keys(errorTable), where).toContain(error_code);
  expect(weak_password === undefined, where).toBe(error_code !== "weak_password");
  expect(msg, where).not.toMatch(/\n|select |insert |relation|syntax|constraint| at .*:\d+/i);
}

const texts = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom("", " ", "%", "'; --", "$$", "\\", "\u2019", "a@b", "null", "NaN", "-1"),
  fc.constantFrom(
    "refresh_token",
    "a".repeat(5000),
    "é".repeat(3000),
    "\u202e",
    "../..",
    "{{7*7}}",
  ),
);
const values = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    texts,
    fc.constantFrom(null, true, -0, 1e308, 2 ** 53, 1e-320),
    fc.double(),
    fc.array(tie("any"), { maxLength: 4 }),
    fc.dictionary(texts, tie("any"), { maxKeys: 4 }),
  ),
})).any;
const fields = fc.constantFrom(
  "email",
  "phone",
  "password",
  "current_password",
  "refresh_token",
  "data",
  "__proto__",
  "gotrue_meta_security",
);
/** JSON that means nothing, with fields that do. */
export const bodies = fc.oneof(
  values.map((value) => JSON.stringify(value)),
  fc
    .array(fc.tuple(fields, values), { maxLength: 5 })
    .map(
      (pairs) => `{${pairs.map(([name, value]) => `"${name}":${JSON.stringify(value)}`).join()}}`,
    ),
);
/** The same with a byte changed. */
export const damaged = fc
  .tuple(bodies, fc.nat(), fc.integer({ min: 0, max: 255 }))
  .map(([body, at, byte]) => {
    const bytes = Buffer.from(body);
    if (bytes.length > 0) bytes[at % bytes.length] = byte;
    return bytes;
  });
