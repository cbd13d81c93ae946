import { randomBytes } from "node:crypto";
import { createAuth } from "../auth.ts";
import type { Database, Row } from "../database/database.ts";
import { openEmbedded } from "../database/embedded.ts";
import { quoteIdentifier } from "../database/identifiers.ts";
import { mailboxTransport } from "../mail/transports/mailbox.ts";
import { createProject } from "../projects/create_project.ts";
import { authUrlOf } from "../projects/environment.ts";
import { grantHelpers } from "../projects/grants.ts";
import { generateMasterKey, parseKeyring } from "../projects/secrets.ts";
import { changeSettings, type Settings } from "../projects/settings.ts";
import type { Identity } from "../rls/identity.ts";
import { withUser } from "../rls/with_user.ts";
import type { SessionReply } from "../tokens/session_reply.ts";
import { preparedImage } from "./image.ts";
import { type TestMailbox, testMailbox } from "./mailbox.ts";
import { quickHasher } from "./quick_hasher.ts";
import { ageSession, deleteUsers } from "./time_and_reset.ts";

export interface TestAuthOptions {
  /** The project, and the schema that policies name; `proj_test` by default. */
  readonly projectId?: string;
  readonly settings?: Partial<Settings>;
  /** The application's own tables and policies. The role `app_user` exists by then. */
  readonly setup?: string;
  /** Hash with bcrypt as in production, at 50 ms a password, instead of in microseconds. */
  readonly bcrypt?: boolean;
}

/** One statement of a test. */
export type TestQuery = <R extends Row = Row>(
  text: string,
  params?: readonly unknown[],
) => Promise<R[]>;

/** A whole auth service and its database in this process, for tests. */
export interface TestAuth {
  readonly authUrl: string;
  readonly jwtSecret: string;
  /** The database, for `createAuth` and `withUser`. */
  readonly database: Database;
  /** Every mail that was sent, and is shown instead. */
  readonly mailbox: TestMailbox;
  /** Answers a request to a path of the project, without a socket. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Signs a user up over the API; what is left out is made up. */
  signUp(user?: { email?: string; password?: string; data?: object }): Promise<SessionReply>;
  /** Runs `work` in one transaction as the role `app_user` with the identity of a session's user. */
  asUser<T>(session: SessionReply, work: (query: TestQuery) => Promise<T>): Promise<T>;
  /** Runs `work` as the role `app_user` with nobody's identity. */
  asAnonymous<T>(work: (query: TestQuery) => Promise<T>): Promise<T>;
  /** Runs one statement as the superuser. */
  sql: TestQuery;
  /** Makes a session older, as if the time had passed: `"31 days"`, as Postgres reads it. */
  age(session: SessionReply, interval: string): Promise<void>;
  /**
   * Forgets every user of the project, and all mail; rows of other tables that refer to users follow
   * their own rules.
   */
  reset(): Promise<void>;
  close(): Promise<void>;
}

const appRole = "app_user";

/**
 * Starts a whole auth service on PGlite in this process. The first one a machine makes takes some
 * seconds, later ones start from its image.
 *
 * @example
 * ```ts
 * const auth = await createTestAuth({ setup: "create table notes (...); grant select on notes to app_user;" });
 * const ada = await auth.signUp();
 * const rows = await auth.asUser(ada, (query) => query("select * from notes"));
 * ```
 */
export async function createTestAuth(options: TestAuthOptions = {}): Promise<TestAuth> {
  const database = await openEmbedded({ image: await preparedImage() });
  try {
    return await startIn(database, options);
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function startIn(
  database: Database,
  { projectId = "proj_test", settings, setup, bcrypt = false }: TestAuthOptions,
): Promise<TestAuth> {
  const masterKey = generateMasterKey();
  const keyring = parseKeyring(masterKey);
  const { jwtSecret } = await createProject(database, { id: projectId, keyring });
  if (settings) await changeSettings(database, projectId, settings);
  await database.transaction((tx) => tx.script(`create role ${quoteIdentifier(appRole)}`));
  await grantHelpers(database, projectId, appRole);
  if (setup) await database.transaction((tx) => tx.script(setup));

  const publicUrl = "http://auth.test";
  const authUrl = authUrlOf(publicUrl, projectId);
  const hashing = bcrypt ? {} : { hasher: quickHasher() };
  const transport = mailboxTransport();
  const mail = { transport, pollInterval: 0 };
  const auth = createAuth({ database, masterKey, publicUrl, mail, ...hashing });

  const sql: TestQuery = (text, params) => database.transaction((tx) => tx.query(text, params));
  const as = <T>(identity: Identity, work: (query: TestQuery) => Promise<T>) =>
    withUser(database, identity, (tx) => work((statement, params) => tx.query(statement, params)), {
      role: appRole,
    });
  const fetch = (path: string, init?: RequestInit) => auth.fetch(new Request(authUrl + path, init));

  return {
    authUrl,
    jwtSecret,
    database,
    mailbox: testMailbox(transport, () => auth.deliverMail()),
    fetch,
    signUp: (user) => signUp(fetch, user),
    asUser: (session, work) =>
      as({ token: session.access_token, claims: claimsOf(session.access_token) }, work),
    asAnonymous: (work) => as(null, work),
    sql,
    age: (session, interval) =>
      ageSession(database, projectId, String(claimsOf(session.access_token).session_id), interval),
    async reset() {
      await deleteUsers(database, projectId);
      transport.clear();
    },
    async close() {
      await auth.close();
      await database.close();
    },
  };
}

async function signUp(
  fetch: TestAuth["fetch"],
  { email, password, data }: { email?: string; password?: string; data?: object } = {},
): Promise<SessionReply> {
  const name = randomBytes(6).toString("hex");
  const reply = await fetch("/signup", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      email: email ?? `user.${name}@example.com`,
      password: password ?? `the phrase of ${name}`,
      data,
    }),
  });
  const body = await reply.json();
  if (!reply.ok) throw new Error(`sign-up was refused: ${JSON.stringify(body)}`);
  return body as SessionReply;
}

// The token comes from the service itself a moment ago, so its signature needs no check here.
function claimsOf(token: string) {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
}
