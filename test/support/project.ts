import { randomBytes } from "node:crypto";
import pg from "pg";
import type { Auth } from "../../src/auth.ts";
import type { Row } from "../../src/database/database.ts";
import { createProject } from "../../src/projects/create_project.ts";
import { changeSettings, type Settings } from "../../src/projects/settings.ts";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { naming } from "./own_names.ts";
import { openService, type TestService } from "./service.ts";

/** Runs one statement inside a transaction of the test. */
export type Query = <R extends Row = Row>(sql: string, params?: readonly unknown[]) => Promise<R[]>;

export interface Reply<T = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed JSON, or null for an empty body. */
  readonly body: T;
}

export interface RequestOptions {
  readonly method?: string;
  readonly body?: unknown;
  /** Sent as `Authorization: Bearer`. */
  readonly token?: string;
  readonly headers?: Record<string, string>;
  /** The peer's address; without one, limits by address do not apply. */
  readonly address?: string;
  /** Another instance of the service than the worker's own. */
  readonly auth?: Auth;
}

export interface TestProject {
  readonly id: string;
  readonly authUrl: string;
  readonly jwtSecret: string;
  readonly service: TestService;
  request<T = Record<string, unknown>>(path: string, options?: RequestOptions): Promise<Reply<T>>;
  post<T = Record<string, unknown>>(
    path: string,
    body: unknown,
    options?: RequestOptions,
  ): Promise<Reply<T>>;
  /** Signs a fresh user up over HTTP and returns its session. */
  signUp(input?: { email?: string; password?: string; data?: object }): Promise<SessionReply>;
  /** Runs one statement as the superuser with the project's schema as its path. */
  sql: Query;
  /** Runs `work` in one transaction as the superuser with the project's schema as its path; rolled back when it throws. */
  transaction<T>(work: (query: Query) => Promise<T>): Promise<T>;
}

export const goodPassword = "a perfectly fine phrase";

/** A project of the test's own; settings are in force from its first request. */
export async function createTestProject(settings?: Partial<Settings>): Promise<TestProject> {
  const service = await openService();
  const id = `proj_${randomBytes(6).toString("hex")}`;
  const { jwtSecret } = await createProject(service.admin, { id, keyring: service.keyring });
  if (settings) await changeSettings(service.admin, id, settings);
  return openTestProject(service, id, jwtSecret);
}

/** The same view of a project that was made otherwise. */
export function openTestProject(service: TestService, id: string, jwtSecret: string): TestProject {
  const authUrl = `${service.publicUrl}/${id}`;
  const transaction = <T>(work: (query: Query) => Promise<T>) =>
    inTransaction(service, async (query) => {
      await query(`set local search_path = ${id}, pg_temp`);
      return work(naming(query, id));
    });

  async function request<T>(path: string, options: RequestOptions = {}): Promise<Reply<T>> {
    const { method = "GET", body, token, headers, address, auth = service.auth } = options;
    const response = await auth.fetch(
      new Request(authUrl + path, {
        method,
        headers: {
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
          ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
          ...headers,
        },
        ...(body === undefined
          ? {}
          : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      }),
      address === undefined ? {} : { incoming: { socket: { remoteAddress: address } } },
    );
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text === "" ? null : JSON.parse(text)) as T,
    };
  }

  return {
    id,
    authUrl,
    jwtSecret,
    service,
    request,
    post: (path, body, options) => request(path, { method: "POST", body, ...options }),
    async signUp({ email = freshEmail(), password = goodPassword, data } = {}) {
      const reply = await request<SessionReply>("/signup", {
        method: "POST",
        body: { email, password, data },
      });
      if (reply.status !== 200) throw new Error(`sign-up answered ${JSON.stringify(reply.body)}`);
      return reply.body;
    },
    sql: (text, params) => transaction((query) => query(text, params)),
    transaction,
  };
}

export function freshEmail(): string {
  return `user.${randomBytes(6).toString("hex")}@example.com`;
}

/**
 * Runs `work` in a transaction of its own as the superuser; begin with `set local role` to become
 * somebody else.
 */
export async function inTransaction<T>(
  { engine }: TestService,
  work: (query: Query) => Promise<T>,
): Promise<T> {
  if (engine.kind === "embedded") {
    return engine.pglite.transaction((tx) =>
      work(async <R extends Row>(text: string, params: readonly unknown[] = []) => {
        return (await tx.query<R>(text, [...params])).rows;
      }),
    );
  }
  const client = new pg.Client({ connectionString: engine.superUrl });
  // Without a listener a server that a test kills would bring the worker down.
  client.on("error", () => {});
  await client.connect();
  try {
    await client.query("begin");
    const value = await work(
      async <R extends Row>(text: string, params: readonly unknown[] = []) => {
        return (await client.query<R>(text, [...params])).rows;
      },
    );
    await client.query("commit");
    return value;
  } finally {
    await client.end();
  }
}
