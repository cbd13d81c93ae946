import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Auth, createAuth } from "../../src/auth.ts";
import type { Database } from "../../src/database/database.ts";
import { connectPostgres } from "../../src/database/postgres.ts";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { createTestProject, type TestProject } from "../support/project.ts";
import { openService } from "../support/service.ts";

let only: Database;
let auth: Auth;
let projects: { project: TestProject; session: SessionReply }[];

beforeAll(async () => {
  const { engine, runtime, runtimeRole, masterKey, publicUrl } = await openService();
  only =
    engine.kind === "embedded"
      ? runtime
      : connectPostgres({ url: engine.url(runtimeRole), connections: 1 });
  auth = createAuth({ database: only, masterKey, publicUrl });
  projects = [];
  for (const project of [await createTestProject(), await createTestProject()]) {
    projects.push({ project, session: await project.signUp() });
  }
});

afterAll(async () => {
  await auth.close();
  const { engine } = await openService();
  if (engine.kind === "postgres") await only.close();
});

interface Trace {
  readonly backend: number;
  readonly role: string;
  readonly search_path: string;
  readonly session_settings: string[];
  readonly claims: (string | null)[];
  readonly temporary: string[];
}

/** What the next user of the connection would find. */
async function traces(): Promise<Trace> {
  const [row] = await only.transaction((tx) =>
    tx.query<Trace & Record<string, unknown>>(`
      select pg_backend_pid() as backend, current_user::text as role,
        current_setting('search_path') as search_path,
        (select coalesce(array_agg(name || '=' || setting order by name), '{}')
         from pg_settings where source = 'session') as session_settings,
        array[nullif(current_setting('jwt.claims.sub', true), ''),
          nullif(current_setting('jwt.claims', true), ''),
          nullif(current_setting('jwt.token', true), ''),
          nullif(current_setting('request.jwt.claims', true), '')] as claims,
        (select coalesce(array_agg(relname::text), '{}')
         from pg_class where relpersistence = 't' and relkind = 'r') as temporary`),
  );
  if (!row) throw new Error("no row");
  return row;
}

/** Requests of every kind: as a user, as nobody, and some that end in an error inside SQL. */
function requests({ project, session }: (typeof projects)[number]) {
  const token = session.access_token;
  const { id, email } = session.user;
  const tooLarge = { data: { text: "x".repeat(3000) } };
  const own = async () => {
    const reply = await project.request("/user", { token, auth });
    expect(reply).toMatchObject({ status: 200, body: { id, email } });
  };
  const expectStatus = async (status: number, reply: Promise<{ status: number }>) => {
    expect((await reply).status).toBe(status);
  };
  return [
    own,
    own,
    () => expectStatus(200, project.request("/sessions", { token, auth })),
    () => expectStatus(401, project.request("/user", { auth })),
    () => expectStatus(400, project.post("/refresh", { refresh_token: "A".repeat(43) }, { auth })),
    () => expectStatus(200, project.request("/health/ready", { auth })),
    () =>
      expectStatus(400, project.request("/user", { method: "PATCH", body: tooLarge, token, auth })),
    () =>
      expect(
        only.call({
          schema: project.id,
          name: "logout",
          args: [
            { type: "uuid", value: null },
            { type: "bytea", value: null },
            { type: "text", value: "everything" },
            { type: "inet", value: null },
          ],
        }),
      ).resolves.toEqual({ outcome: null, ended: 0 }),
  ];
}

describe("one connection that two projects share", () => {
  it("carries nothing from one request to the next (case 123)", async () => {
    const clean = await traces();
    const work = projects.flatMap(requests);
    for (let turn = 0; turn < 120; turn += 1) {
      // Every request follows every other one, in both projects.
      await work[(turn * 7 + Math.floor(turn / work.length)) % work.length]?.();
      if (turn % 3 === 0) expect(await traces()).toEqual(clean);
    }
    expect(await traces()).toEqual(clean);
  });

  it("answers each project with its own when they ask at once (case 123)", async () => {
    const clean = await traces();
    const work = [...projects, ...projects, ...projects].flatMap(requests);
    await Promise.all(work.map((request) => request()));
    expect(await traces()).toEqual(clean);
  });

  it("is clean after a transaction that set everything and then failed (case 123)", async () => {
    const clean = await traces();
    const { project } = projects[0] ?? {};
    for (const failure of [
      "select 1 / 0",
      "select no_such_column",
      "do $$ begin raise exception 'no' using errcode = 'MA901'; end $$",
      `select ${project?.id}.no_such_function()`,
    ]) {
      const broken = only.transaction(async (tx) => {
        await tx.script(`set local search_path = ${project?.id}, pg_temp`);
        await tx.query("select set_config('jwt.claims.sub', 'somebody', true)");
        await tx.query("select set_config('jwt.token', 'a.b.c', true)");
        await tx.script("create temporary table users (id int) on commit drop");
        await tx.script(failure);
      });
      await expect(broken).rejects.toThrow();
      expect(await traces()).toEqual(clean);
    }
    for (const entry of projects) await requests(entry)[0]?.();
  });
});
