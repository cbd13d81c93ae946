import { randomBytes } from "node:crypto";
import { GoTrueClient, type SupportedStorage } from "@supabase/auth-js";
import type { Auth } from "../../src/auth.ts";
import type { TestProject } from "./project.ts";

export interface AppClientOptions {
  /** Two clients with one storage are two tabs of a browser. */
  readonly storage?: SupportedStorage;
  readonly storageKey?: string;
  /** Another instance of the service than the worker's own. */
  readonly auth?: Auth;
  /** Where the service listens; without it the client's fetch is the service itself. */
  readonly url?: string;
  /** What the links of mails bring: tokens, as by default, or a code to exchange. */
  readonly flowType?: "implicit" | "pkce";
}

/** The unmodified client of `@supabase/auth-js`, set up as an app does it. */
export function appClient(project: TestProject, options: AppClientOptions = {}): GoTrueClient {
  const { storage = memoryStorage(), auth = project.service.auth, url } = options;
  const { flowType = "implicit", storageKey = `auth-${randomBytes(6).toString("hex")}` } = options;
  return new GoTrueClient({
    url: url ?? project.authUrl,
    storage,
    storageKey,
    flowType,
    autoRefreshToken: false,
    detectSessionInUrl: false,
    ...(url === undefined
      ? { fetch: async (input, init) => auth.fetch(new Request(input as string, init)) }
      : {}),
  });
}

export function memoryStorage(): SupportedStorage {
  const items = new Map<string, string>();
  return {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key),
  };
}
