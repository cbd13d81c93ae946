import { beforeAll, describe, expect, it } from "vitest";
import type { GrantedClaims } from "../../src/database/functions.ts";
import { changeSettings } from "../../src/projects/settings.ts";
import { claimsOf, forge, type Identity, identityOf, macOf } from "../support/access_tokens.ts";
import { ageSession } from "../support/age.ts";
import { type AppRole, createAppRole } from "../support/app_role.ts";
import { createTestProject, goodPassword, type TestProject } from "../support/project.ts";

const nobody = { verified: null, live: null };

let project: TestProject;
let app: AppRole;
let own: GrantedClaims;
let victim: GrantedClaims;
let ownToken: string;
let victimToken: string;

beforeAll(async () => {
  project = await createTestProject();
  app = await createAppRole(project);
  ownToken = (await project.signUp()).access_token;
  victimToken = (await project.signUp()).access_token;
  own = claimsOf(ownToken);
  victim = claimsOf(victimToken);
});

/** A role that can run any SQL sets a token; whom do the helpers take it for? */
function asSetBySql(token: string): Promise<Identity> {
  return app.transaction((query) => identityOf(query, project, token));
}

describe("a token that a role with any SQL sets by itself (case 135)", () => {
  it("is its user when the project issued it", async () => {
    expect(await asSetBySql(ownToken)).toEqual({ verified: own.sub, live: own.sub });
  });

  it("is nobody when it holds every claim of another user and the forger's own proof", async () => {
    expect(await asSetBySql(forge({ ...victim, db_mac: own.db_mac }))).toEqual(nobody);
    expect(await asSetBySql(forge({ ...own, ...victim, db_mac: own.db_mac }))).toEqual(nobody);
  });

  it("is its user under any outer signature: the proof is the database's own", async () => {
    expect(await asSetBySql(forge(own))).toEqual({ verified: own.sub, live: own.sub });
  });

  it.each(["sub", "session_id", "role", "aal", "exp"] as const)(
    "is nobody when only %s was changed",
    async (name) => {
      const changes = {
        sub: victim.sub,
        session_id: victim.session_id,
        role: "service_role",
        aal: "aal2",
        exp: own.exp + 1,
      };
      expect(await asSetBySql(forge({ ...own, [name]: changes[name] }))).toEqual(nobody);
      const { [name]: _, ...without } = own;
      expect(await asSetBySql(forge(without))).toEqual(nobody);
    },
  );

  it.each([undefined, "", "A".repeat(43), null, { sub: "x" }])(
    "is nobody when its proof is %j",
    async (db_mac) => {
      expect(await asSetBySql(forge({ ...victim, db_mac }))).toEqual(nobody);
    },
  );

  it("is nobody when another project issued it, be it for the same user and session", async () => {
    const other = await createTestProject();
    const { access_token } = await other.signUp();
    expect(await asSetBySql(access_token)).toEqual(nobody);
    expect(await asSetBySql(forge({ ...own, db_mac: await macOf(other, own) }))).toEqual(nobody);
  });

  it("is nobody once it has expired, though its proof is right", async () => {
    const now = Math.floor(Date.now() / 1000);
    const lasting = { ...own, exp: now + 100 };
    const expired = { ...own, exp: now - 1 };
    expect(await asSetBySql(forge({ ...lasting, db_mac: await macOf(project, lasting) }))).toEqual({
      verified: own.sub,
      live: own.sub,
    });
    expect(await asSetBySql(forge({ ...expired, db_mac: await macOf(project, expired) }))).toEqual(
      nobody,
    );
  });

  it("is nobody's other than the proof's when a claim stands twice", async () => {
    const payload = JSON.stringify(own);
    const twice = [
      payload.replace('"sub"', `"sub":"${victim.sub}","sub"`),
      payload.replace(/\}$/, `,"sub":"${victim.sub}"}`),
      payload.replace(/\}$/, `,"x":{"sub":"${victim.sub}"}}`),
      `{"sub":"${victim.sub}",${payload.slice(1)}`,
    ];
    for (const text of twice) {
      const { verified, live } = await asSetBySql(
        `e30.${Buffer.from(text).toString("base64url")}.c2ln`,
      );
      expect([null, own.sub]).toContain(verified);
      expect(live).toBe(verified);
    }
  });

  it("is its user whatever that user wrote into its metadata", async () => {
    const data = {
      sub: victim.sub,
      session_id: victim.session_id,
      role: "service_role",
      aal: "aal2",
      exp: 99999999999,
      db_mac: victim.db_mac,
      nested: [{ ...victim, amr: [] }],
      '","sub":"': `","sub":"${victim.sub}","`,
    };
    const { access_token, user } = await project.signUp({ data });
    expect(await asSetBySql(access_token)).toEqual({ verified: user.id, live: user.id });
  });
});

describe("live_uid() (case 135)", () => {
  it("is null in the next statement after a logout, where verified_uid() lasts until the token ends", async () => {
    const { access_token, user } = await project.signUp();
    expect(await asSetBySql(access_token)).toEqual({ verified: user.id, live: user.id });
    await project.post("/logout", undefined, { token: access_token });
    expect(await asSetBySql(access_token)).toEqual({ verified: user.id, live: null });
  });

  it("is null for a banned user, for an expired session and for a user who is gone", async () => {
    const { access_token, user } = await project.signUp();
    const alive = { verified: user.id, live: user.id };
    const dead = { verified: user.id, live: null };
    await project.sql("update users set banned_until = now() + interval '1 day' where id = $1", [
      user.id,
    ]);
    expect(await asSetBySql(access_token)).toEqual(dead);
    await project.sql("update users set banned_until = now() - interval '1 day' where id = $1", [
      user.id,
    ]);
    expect(await asSetBySql(access_token)).toEqual(alive);

    const { session_id } = claimsOf(access_token);
    await changeSettings(project.service.admin, project.id, { session_idle_timeout: 3600 });
    expect(await asSetBySql(access_token)).toEqual(alive);
    await ageSession(project, session_id, "2 hours");
    expect(await asSetBySql(access_token)).toEqual(dead);
    await changeSettings(project.service.admin, project.id, { session_idle_timeout: 0 });
    expect(await asSetBySql(access_token)).toEqual(alive);

    const gone = await project.request("/user", {
      method: "DELETE",
      token: access_token,
      body: { current_password: goodPassword },
    });
    expect(gone.status).toBe(204);
    expect(await asSetBySql(access_token)).toEqual(dead);
  });
});
