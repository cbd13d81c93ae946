import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { type AppRole, createAppRole } from "../support/app_role.ts";
import { createTestProject, type TestProject } from "../support/project.ts";

let project: TestProject;
let app: AppRole;
let own: { token: string; id: string };
let other: { token: string; id: string };

beforeAll(async () => {
  project = await createTestProject();
  app = await createAppRole(project);
  const [a, b] = [await project.signUp(), await project.signUp()];
  own = { token: a.access_token, id: a.user.id };
  other = { token: b.access_token, id: b.user.id };
});

interface Reading {
  readonly token: string;
  readonly verified: string | null;
  readonly live: string | null;
}

/** Whom each of many tokens is taken for; fails when a helper raises. */
async function read(tokens: readonly string[]): Promise<Reading[]> {
  return app.transaction(async (query) => {
    await query(`
      create or replace function pg_temp.read(p_token text, out verified text, out live text)
      language plpgsql as $$
      begin
        perform set_config('jwt.token', p_token, true);
        verified := ${project.id}.verified_uid();
        live := ${project.id}.live_uid();
      end $$`);
    const rows = await query<{ token: string; verified: string | null; live: string | null }>(
      `select t.token, r.verified, r.live from jsonb_array_elements_text($1::jsonb) as t (token)
       cross join lateral pg_temp.read(t.token) r`,
      [JSON.stringify(tokens)],
    );
    expect(rows).toHaveLength(tokens.length);
    return rows;
  });
}

async function isNobody(tokens: readonly string[]): Promise<void> {
  for (const { token, verified, live } of await read(tokens)) {
    expect({ verified, live }, token).toEqual({ verified: null, live: null });
  }
}

describe("a malformed token never fails a query and is nobody (case 135)", () => {
  it("whatever text it is", async () => {
    const texts = fc
      .oneof(fc.string({ unit: "binary", maxLength: 80 }), fc.string({ maxLength: 80 }))
      .map((text) => text.replaceAll("\0", "").toWellFormed());
    await fc.assert(fc.asyncProperty(fc.array(texts, { minLength: 60, maxLength: 60 }), isNobody), {
      numRuns: 10,
    });
  });

  it("whatever bytes its three parts carry", async () => {
    const part = fc.stringMatching(/^[A-Za-z0-9_-]{0,40}$/);
    const bytes = fc
      .uint8Array({ maxLength: 60 })
      .map((octets) => Buffer.from(octets).toString("base64url"));
    const tokens = fc
      .tuple(fc.oneof(part, bytes), fc.oneof(part, bytes), part)
      .map((parts) => parts.join("."));
    await fc.assert(
      fc.asyncProperty(fc.array(tokens, { minLength: 60, maxLength: 60 }), isNobody),
      { numRuns: 10 },
    );
  });

  it("whatever is in the place of a claim", async () => {
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom(1e308, -1, 999999999999, 9999999999999, "9".repeat(12), true),
    );
    const payloads = fc
      .record(
        {
          sub: fc.oneof(value, fc.constantFrom(own.id, other.id, own.id.toUpperCase())),
          session_id: value,
          role: value,
          aal: value,
          exp: value,
          db_mac: fc.oneof(value, fc.stringMatching(/^[A-Za-z0-9_-]{43}$/)),
        },
        { requiredKeys: [] },
      )
      .map((payload) => `e30.${Buffer.from(JSON.stringify(payload)).toString("base64url")}.c2ln`);
    await fc.assert(
      fc.asyncProperty(fc.array(payloads, { minLength: 60, maxLength: 60 }), isNobody),
      { numRuns: 10 },
    );
  });

  it("however long or odd it is", async () => {
    const payload = own.token.split(".")[1] ?? "";
    const spaced = Buffer.from(
      JSON.stringify(JSON.parse(Buffer.from(payload, "base64url").toString()), null, 1),
    ).toString("base64url");
    await isNobody([
      "",
      ".",
      "..",
      "a.b",
      "a.b.c.d",
      "e30.e.c2ln",
      "e30.ab=.c2ln",
      `e30.${payload}`,
      `e30.${payload}.`,
      `.${payload}.c2ln`,
      `e30.${payload}==.c2ln`,
      `e30.${payload}\n.c2ln`,
      ` ${own.token}`,
      `${own.token} `,
      `Bearer ${own.token}`,
      `e30.${spaced}.c2ln`,
      `e30.${payload}${"A".repeat(20_000)}.c2ln`,
      "x".repeat(1_000_000),
    ]);
  });
});

describe("a real token that was tampered with (case 135)", () => {
  it("is its own user at most, and never another one", async () => {
    const letters = [..."ABCDwxyz0189-_.=+/ "];
    const change = fc.tuple(fc.nat(), fc.nat({ max: 3 }), fc.constantFrom("", ...letters));
    const changed = fc
      .tuple(fc.boolean(), fc.array(change, { minLength: 1, maxLength: 3 }))
      .map(([isOwn, changes]) => ({
        owner: isOwn ? own : other,
        token: changes.reduce(
          (text, [at, removed, inserted]) => {
            const position = at % text.length;
            return text.slice(0, position) + inserted + text.slice(position + removed);
          },
          (isOwn ? own : other).token,
        ),
      }));
    const outcomes = { own: 0, nobody: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(changed, { minLength: 60, maxLength: 60 }), async (batch) => {
        const readings = await read(batch.map(({ token }) => token));
        readings.forEach(({ token, verified, live }, index) => {
          expect([null, batch[index]?.owner.id], token).toContain(verified);
          expect(live, token).toBe(verified);
          outcomes[verified === null ? "nobody" : "own"] += 1;
        });
      }),
      { numRuns: 20 },
    );
    expect(outcomes.own).toBeGreaterThan(0);
    expect(outcomes.nobody).toBeGreaterThan(100);
  });

  it("is nobody when two users' tokens are spliced inside the payload", async () => {
    const payloads = [own, other].map(({ token }) =>
      Buffer.from(token.split(".")[1] ?? "", "base64url").toString(),
    );
    const [mine = "", theirs = ""] = payloads;
    const first = mine.indexOf('"sub"');
    const last = mine.indexOf('"db_mac"');
    const cuts = Array.from({ length: last - first - 50 }, (_, index) => first + 45 + index);
    await isNobody(
      cuts.map((cut) => {
        const spliced = mine.slice(0, cut) + theirs.slice(cut);
        return `e30.${Buffer.from(spliced).toString("base64url")}.c2ln`;
      }),
    );
  });
});
