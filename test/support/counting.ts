import { pino } from "pino";
import type { Auth } from "../../src/auth.ts";
import type { Database } from "../../src/database/database.ts";
import { createApp } from "../../src/http/app.ts";
import { clientAddressReader } from "../../src/http/client_address.ts";
import { signupGate } from "../../src/http/signup_gate.ts";
import { openRemote } from "../../src/oauth/remote.ts";
import { createHasher, type Hasher } from "../../src/passwords/hasher.ts";
import { projectDirectory } from "../../src/projects/directory.ts";
import type { TestProject } from "./project.ts";
import { openService } from "./service.ts";

/** What some requests cost. */
export interface Work {
  /** The SQL functions called, in order. */
  readonly calls: string[];
  /** The prefix of each salt that was hashed with, such as `$2a$10$`. */
  readonly hashes: string[];
}

export interface CountingService {
  /** Another process of the same service, as far as its users can tell: nothing is cached yet. */
  readonly auth: Auth;
  /** Runs `work` and tells what it cost. Looking up the project, which is cached, is not counted. */
  measure<T>(project: TestProject, work: () => Promise<T>): Promise<Work & { readonly value: T }>;
}

/** A second instance of the worker's service that counts its work; close `auth` in the end. */
export async function openCountingService(
  actual: Hasher = createHasher(),
): Promise<CountingService> {
  const { runtime, keyring, publicUrl } = await openService();
  let calls: string[] = [];
  let hashes: string[] = [];

  const database: Database = {
    ...runtime,
    call: (call) => {
      calls.push(call.name);
      return runtime.call(call);
    },
  };
  const hasher: Hasher = {
    ...actual,
    hash: (password, salt, projectId) => {
      hashes.push(salt.slice(0, 7));
      return actual.hash(password, salt, projectId);
    },
  };
  const app = createApp({
    directory: projectDirectory({ databases: [database], keyring }),
    hasher,
    signupGate: signupGate(),
    isBreached: async () => false,
    publicUrl,
    allowsLoopbackOrigins: false,
    clientAddress: clientAddressReader(),
    remote: openRemote(),
    logger: pino({ enabled: false }),
    mailQueued: () => {},
    checkReadiness: async () => {},
  });
  const auth: Auth = {
    fetch: async (request, bindings = {}) => app.fetch(request, bindings),
    drain: () => {},
    deliverMail: async () => {},
    close: () => hasher.close(),
  };

  return {
    auth,
    async measure(project, work) {
      await project.request("/settings", { auth });
      calls = [];
      hashes = [];
      const value = await work();
      return { calls, hashes, value };
    },
  };
}
