import pg from "pg";
import { beforeAll, describe, expect, it } from "vitest";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { claimsOf, forge } from "../support/access_tokens.ts";
import { type AppRole, createAppRole, refusal } from "../support/app_role.ts";
import type { PostgresEngine } from "../support/engine.ts";
import { openInstance } from "../support/instance.ts";
import { createTestProject, type TestProject } from "../support/project.ts";

let project: TestProject;
let app: AppRole;
let victim: SessionReply;
let forged: string;
let who: string;
beforeAll(async () => {
  project = await createTestProject();
  app = await createAppRole(project);
  victim = await project.signUp();
  const { access_token } = await project.signUp();
  forged = forge({ ...claimsOf(access_token), sub: victim.user.id });
  who = `select ${project.id}.uid(), ${project.id}.verified_uid(), ${project.id}.live_uid()`;
});

/** What everybody can make of the three helpers, who knows a user's id and has no token of it. */
const believed = () => ({ uid: victim.user.id, verified_uid: null, live_uid: null });

async function connect(options: Partial<pg.ClientConfig> = {}): Promise<pg.Client> {
  const { engine } = project.service;
  const client = new pg.Client({
    connectionString: (engine as PostgresEngine).url(app.name),
    ...options,
  });
  await client.connect();
  return client;
}

describe("a role that names itself another user, in whatever way Postgres has (case 135)", () => {
  it.each([
    ["SET", (id: string) => [`set jwt.claims.sub = '${id}'`, `set jwt.token = '${forged}'`]],
    [
      "set_config()",
      (id: string) => [
        `select set_config('jwt.claims.sub', '${id}', false), set_config('jwt.token', '${forged}', false)`,
      ],
    ],
    [
      "claims in JSON",
      (id: string) => [
        `set request.jwt.claims = '${JSON.stringify({ sub: id, role: "service_role" })}'`,
      ],
    ],
  ])("by %s is believed by uid() alone", async (_, settings) => {
    const client = await connect();
    for (const statement of settings(victim.user.id)) await client.query(statement);
    expect((await client.query(who)).rows).toEqual([believed()]);
    await client.end();
  });

  it("by PGOPTIONS is believed by uid() alone", async () => {
    const options = `-c jwt.claims.sub=${victim.user.id} -c jwt.token=${forged}`;
    const client = await connect({ options });
    expect((await client.query(who)).rows).toEqual([believed()]);
    await client.end();
  });

  it("cannot do so for the time to come, for itself or for others", async () => {
    const { runtimeRole, engine } = project.service;
    const { database } = engine as PostgresEngine;
    await app.transaction(async (query) => {
      const roles = [app.name, runtimeRole, "all"].map((role) => `role ${role}`);
      const places = [...roles, `database ${database}`].map((place) => `alter ${place}`);
      for (const place of [...places, "create function mine() returns int language sql"]) {
        const body = place.startsWith("create") ? "as 'select 1'" : "";
        const statement = `${place} set jwt.claims.sub = '${victim.user.id}' ${body}`;
        expect(await refusal(query, statement), place).toBe("42501");
      }
    });
  });

  it("does not reach the server's functions, which ask for a session and not for a setting", async () => {
    const { engine, runtimeRole } = project.service;
    await engine.query(`alter role ${runtimeRole} set jwt.claims.sub = '${victim.user.id}'`);
    const { auth, close } = openInstance(project.service);
    expect((await project.request("/user", { auth })).status).toBe(401);
    expect((await project.request("/user", { token: forged, auth })).status).toBe(401);
    const { access_token: token } = await project.signUp();
    const own = await project.request("/user", { token, auth });
    expect([own.status, own.body.id === victim.user.id]).toEqual([200, false]);
    await close();
    await engine.query(`alter role ${runtimeRole} reset jwt.claims.sub`);
  });
});
