import { randomBytes } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { grantHelpers } from "../../src/projects/grants.ts";
import { type Identity, verifyToken, withUser } from "../../src/rls/index.ts";
import { createTestProject, type TestProject } from "../support/project.ts";

const role = `app_${randomBytes(4).toString("hex")}`;
const seen = (id: string) =>
  `select ${id}.uid() as uid, ${id}.email() as email, ${id}.verified_uid() as verified,
    ${id}.live_uid() as live, current_user::text as role`;

type Seen = {
  uid: string | null;
  email: string | null;
  verified: string | null;
  live: string | null;
  role: string;
};

let project: TestProject;
let pool: pg.Pool | undefined;

/** Runs one query as an identity, through a pool of one connection where there are connections. */
async function ask(identity: Identity, text = seen(project.id)): Promise<Seen | undefined> {
  const { engine } = project.service;
  if (engine.kind === "embedded") {
    return withUser(engine.pglite, identity, async (tx) => (await tx.query<Seen>(text)).rows[0], {
      role,
    });
  }
  if (!pool) throw new Error("no pool");
  return withUser(pool, identity, async (client) => (await client.query<Seen>(text)).rows[0], {
    role,
  });
}

beforeAll(async () => {
  project = await createTestProject();
  await project.sql(`create role ${role} login`);
  await grantHelpers(project.service.admin, project.id, role);
  const { engine } = project.service;
  if (engine.kind === "postgres") {
    pool = new pg.Pool({ connectionString: engine.url(role), max: 1 });
  }
});

afterAll(() => pool?.end());

describe("queries run as a user", () => {
  it("tell the claim readers and the proving ones who asks, as the given role", async () => {
    const { access_token, user } = await project.signUp();
    const verified = await verifyToken(access_token, project.jwtSecret, {
      issuer: project.authUrl,
    });
    expect(await ask(verified)).toEqual({
      uid: user.id,
      email: user.email,
      verified: user.id,
      live: user.id,
      role,
    });
  });

  it("by a token alone are believed by the proving helpers only", async () => {
    const { access_token, user } = await project.signUp();
    expect(await ask(access_token)).toMatchObject({ uid: null, verified: user.id });
  });

  it("by claims alone are believed by the claim readers only", async () => {
    const { user } = await project.signUp();
    expect(await ask({ sub: user.id })).toMatchObject({ uid: user.id, verified: null });
  });

  it("leave nothing behind for the connection's next user (case 123)", async () => {
    const verified = await verifyToken((await project.signUp()).access_token, project.jwtSecret);
    await ask(verified);
    await expect(ask(verified, "select 1 / 0")).rejects.toThrow("division by zero");
    expect(await ask(null)).toEqual({ uid: null, email: null, verified: null, live: null, role });
    if (pool) {
      const { rows } = await pool.query(
        "select current_setting('jwt.token', true) as token, current_user::text as role",
      );
      expect(rows).toEqual([{ token: "", role }]);
    }
  });
});

describe("a token of an application's request", () => {
  it("is refused when it is changed, of another secret, another issuer, or unsigned (cases 46, 47)", async () => {
    const { access_token } = await project.signUp();
    const [header, payload, signature] = access_token.split(".");
    const none = Buffer.from('{"alg":"none"}').toString("base64url");
    const forged = `${header}.${payload}.${signature?.split("").reverse().join("")}`;
    const other = "another secret of at least 32 bytes";
    const issuer = "http://auth.test/proj_other";
    const refused = { code: "bad_jwt" };
    await expect(verifyToken(forged, project.jwtSecret)).rejects.toMatchObject(refused);
    await expect(verifyToken(access_token, other)).rejects.toMatchObject(refused);
    await expect(verifyToken(access_token, project.jwtSecret, { issuer })).rejects.toMatchObject(
      refused,
    );
    await expect(verifyToken(`${none}.${payload}.`, project.jwtSecret)).rejects.toMatchObject(
      refused,
    );
  });

  it("is never verified with a secret that was not set (case 49)", async () => {
    const { access_token } = await project.signUp();
    await expect(verifyToken(access_token, "")).rejects.toThrow(RangeError);
  });
});
