import { createHmac, randomBytes } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { claimsOf, macOf } from "../support/access_tokens.ts";
import { createTestProject, type TestProject } from "../support/project.ts";

let project: TestProject;
beforeAll(async () => {
  project = await createTestProject();
});

function pad(key: Buffer, value: number): string {
  const padded = Buffer.concat([key, Buffer.alloc(64 - key.length)]);
  return Buffer.from(padded.map((octet) => octet ^ value)).toString("hex");
}

interface StoredKey extends Record<string, unknown> {
  readonly purpose: string;
  readonly inner: string;
  readonly outer: string;
}

function storedKeys(of: TestProject): Promise<StoredKey[]> {
  return of.sql<StoredKey>(
    `select purpose, encode(inner_pad, 'hex') as inner, encode(outer_pad, 'hex') as outer
     from database_keys order by purpose`,
  );
}

/** The key behind its pads: 32 bytes, the rest zeros, and both pads of the same one. */
function keyOf({ inner, outer }: StoredKey): Buffer {
  const key = Buffer.from(Buffer.from(inner, "hex").map((octet) => octet ^ 0x36));
  expect(pad(key.subarray(0, 32), 0x36)).toBe(inner);
  expect(pad(key.subarray(0, 32), 0x5c)).toBe(outer);
  return key.subarray(0, 32);
}

describe("HMAC-SHA256 in SQL", () => {
  it("equals node:crypto's on 1,000 vectors", async () => {
    const vectors = Array.from({ length: 1000 }, (_, index) => {
      const key = randomBytes(1 + (index % 64));
      const message = randomBytes(index % 200);
      return { inner: pad(key, 0x36), outer: pad(key, 0x5c), message: message.toString("hex") };
    });
    const rows = await project.sql<{ mac: string }>(
      `select encode(hmac_sha256(
          decode(v ->> 'inner', 'hex'), decode(v ->> 'outer', 'hex'), decode(v ->> 'message', 'hex')
        ), 'hex') as mac
       from jsonb_array_elements($1::jsonb) with ordinality as t (v, place) order by place`,
      [JSON.stringify(vectors)],
    );
    const expected = vectors.map(({ inner, message }) =>
      createHmac(
        "sha256",
        Buffer.from(inner, "hex").map((octet) => octet ^ 0x36),
      )
        .update(Buffer.from(message, "hex"))
        .digest("hex"),
    );
    expect(rows.map(({ mac }) => mac)).toEqual(expected);
  });
});

describe("the keys of a database", () => {
  it("have 256 bits each, and differ between purposes and projects", async () => {
    const other = await createTestProject();
    const keys = [...(await storedKeys(project)), ...(await storedKeys(other))];
    expect(keys.map(({ purpose }) => purpose)).toEqual(["db_mac", "decoy", "db_mac", "decoy"]);
    expect(new Set(keys.map((key) => keyOf(key).toString("hex"))).size).toBe(4);
    for (const key of keys) expect(new Set(keyOf(key)).size).toBeGreaterThan(16);
  });

  it("make the db_mac that node:crypto makes of schema, sub, session, role, aal and exp", async () => {
    const [macKey] = await storedKeys(project);
    if (!macKey) throw new Error("no key");
    const claims = claimsOf((await project.signUp()).access_token);
    for (const variant of [
      claims,
      { ...claims, role: "service_role", aal: "aal2", exp: 1 },
      { ...claims, role: 'a", "b', aal: "", exp: 999_999_999_999 },
    ]) {
      const texts = [
        "miosa-auth/db_mac/1",
        project.id,
        variant.sub,
        variant.session_id,
        variant.role,
        variant.aal,
      ].map((text) => JSON.stringify(text));
      const expected = createHmac("sha256", keyOf(macKey))
        .update(`[${[...texts, variant.exp].join(", ")}]`)
        .digest("base64url");
      expect(await macOf(project, variant)).toBe(expected);
      if (variant === claims) expect(claims.db_mac).toBe(expected);
    }
  });
});
