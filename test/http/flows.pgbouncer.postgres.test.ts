import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Database } from "../../src/database/database.ts";
import { connectPostgres } from "../../src/database/postgres.ts";
import { type MailboxTransport, mailboxTransport } from "../../src/mail/transports/mailbox.ts";
import { withUser } from "../../src/rls/index.ts";
import { quickHasher } from "../../src/testing/quick_hasher.ts";
import { newRefreshToken } from "../../src/tokens/refresh_token.ts";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { listUsers } from "../../src/users/list.ts";
import { type AppRole, createAppRole } from "../support/app_role.ts";
import { type Instance, openInstance } from "../support/instance.ts";
import { mailingProject } from "../support/mailed.ts";
import { newestMail } from "../support/outbox.ts";
import { type Pooler, startPgBouncer } from "../support/pgbouncer.ts";
import { freshEmail, goodPassword, type TestProject } from "../support/project.ts";

const newPassword = "another perfectly fine phrase";
const clients = 200;
// All of them wait for one connection, on a machine that may be slow.
const patient = { deadline: 25_000, connectTimeout: 25_000 };
let project: TestProject;
let app: AppRole;

beforeAll(async () => {
  project = await mailingProject();
  app = await createAppRole(project);
});

/** Sessions of as many users, over one connection. */
function openSessions(size: number) {
  return project.transaction(async (query) => {
    const opened: { userId: string | undefined; refreshToken: string }[] = [];
    while (opened.length < size) {
      const token = newRefreshToken();
      const [row] = await query<{ id: string }>(
        `with u as (insert into users (email) values ($1) returning id),
           s as (insert into sessions (user_id) select id from u returning id, user_id)
         insert into refresh_tokens (session_id, token_hash) select id, $2 from s
         returning (select user_id from s) as id`,
        [freshEmail(), token.hash],
      );
      opened.push({ userId: row?.id, refreshToken: token.text });
    }
    return opened;
  });
}

describe.each([1, 2])(
  "PgBouncer in transaction mode, with %s server connections (cases 123, 191)",
  (poolSize) => {
    let pooler: Pooler;
    let instance: Instance;
    let appPool: pg.Pool;
    let mailbox: MailboxTransport;
    let admin: Database;

    beforeAll(async () => {
      const { engine, runtimeRole } = project.service;
      if (engine.kind !== "postgres") throw new Error("this file is for Postgres");
      const roles = [runtimeRole, app.name, engine.adminRole];
      pooler = await startPgBouncer(engine.server.port, { poolSize, roles, clients: 2 * clients });
      mailbox = mailboxTransport();
      instance = openInstance(
        project.service,
        // Each client's call on a connection of its own, as with as many servers.
        { url: pooler.url(runtimeRole, engine.database), connections: clients, ...patient },
        { hasher: quickHasher(), mail: { transport: mailbox, pollInterval: 0 } },
      );
      admin = connectPostgres({ url: pooler.url(engine.adminRole, engine.database) });
      appPool = new pg.Pool({ connectionString: pooler.url(app.name, engine.database), max: 4 });
    });
    afterAll(async () => {
      await appPool?.end();
      await admin?.close();
      await instance?.close();
      await pooler?.stop();
    });

    async function ask<T = SessionReply>(path: string, options: object = {}): Promise<T> {
      const { status, body } = await project.request<T>(path, { ...options, auth: instance.auth });
      if (status >= 300) throw new Error(`${path} answered ${status} ${JSON.stringify(body)}`);
      return body;
    }

    function post<T = SessionReply>(path: string, body: object, token?: string): Promise<T> {
      return ask<T>(path, { method: "POST", body, ...(token === undefined ? {} : { token }) });
    }

    async function statusOf(token: string): Promise<number> {
      return (await project.request("/user", { token, auth: instance.auth })).status;
    }

    it("carries 200 clients at once, each of whom stays who it is", async () => {
      const opened = await openSessions(clients);
      await Promise.all(
        opened.map(async ({ userId, refreshToken }) => {
          const { access_token: token, user } = await post("/refresh", {
            refresh_token: refreshToken,
          });
          expect(user.id).toBe(userId);
          expect(await ask("/user", { token })).toMatchObject({ id: userId });
          await ask("/logout?scope=local", { method: "POST", token });
          expect(await statusOf(token)).toBe(401);
        }),
      );
    });

    it("carries sign-up, sign-in, changes, mail, codes, a reset, policies and administration", async () => {
      const emails = await Promise.all(
        Array.from({ length: 5 }, async () => {
          const email = freshEmail();
          const { user } = await post("/signup", { email, password: goodPassword });
          const { code } = await newestMail(project, email);
          await post("/verify", { type: "signup", email, token: code });
          const { access_token: token } = await post("/token", { email, password: goodPassword });
          const changed = { method: "PATCH", token, body: { data: { name: email } } };
          expect(await ask("/user", changed)).toMatchObject({ user_metadata: { name: email } });
          const uid = await withUser(appPool, token, async (client) => {
            const { rows } = await client.query(`select ${project.id}.verified_uid() as uid`);
            return rows[0].uid;
          });
          expect(uid).toBe(user.id);

          await post("/reset", { email });
          const mail = await newestMail(project, email);
          await post("/reset", { token: mail.token, password: newPassword });
          expect(await statusOf(token)).toBe(401);
          const again = await post("/token", { email, password: newPassword });
          await ask("/logout", { method: "POST", token: again.access_token });
          expect(await statusOf(again.access_token)).toBe(401);
          return email;
        }),
      );
      await instance.auth.deliverMail();
      expect(mailbox.mails().map(({ to }) => to)).toEqual(expect.arrayContaining(emails));
      const { users } = await listUsers(admin, project.id, { limit: 10 });
      expect(users.map(({ email }) => email)).toEqual(expect.arrayContaining(emails));
    });
  },
);
