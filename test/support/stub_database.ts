import { randomBytes, randomUUID } from "node:crypto";
import jwt from "jsonwebtoken";
import { type Auth, type AuthOptions, createAuth } from "../../src/auth.ts";
import type { Argument, Database } from "../../src/database/database.ts";
import type { Configuration } from "../../src/database/functions.ts";
import {
  generateMasterKey,
  jwtKeyContext,
  parseKeyring,
  seal,
} from "../../src/projects/secrets.ts";

/** What a SQL function answers; it may throw. */
export type Answer = (args: readonly Argument[]) => unknown;

/** A service on a database that is made up: it holds one project, and writes down who calls it. */
export interface StubService {
  readonly auth: Auth;
  readonly projectId: string;
  readonly authUrl: string;
  readonly jwtSecret: string;
  /** An access token of the project, as good as one can be without a database. */
  readonly token: string;
  /** The SQL functions that were called, in order. */
  readonly calls: string[];
  /** Replaces what a function answers from now on. */
  answer(name: string, answer: Answer): void;
}

const publicUrl = "http://auth.test";

/** For tests in which no SQL runs. Whatever is not answered fails. */
export function stubService(options: Partial<AuthOptions> = {}): StubService {
  const projectId = "proj_stub";
  const masterKey = generateMasterKey();
  const jwtSecret = randomBytes(32).toString("hex");
  const answers = new Map<string, Answer>([
    [
      "find_project",
      ([id]) => (id?.value === projectId ? { id: projectId, state: "active" } : null),
    ],
    ["configuration", () => configuration(projectId, masterKey, jwtSecret)],
  ]);
  const calls: string[] = [];
  const database: Database = {
    engine: "embedded",
    async call<T>({ name, args }: { name: string; args: readonly Argument[] }): Promise<T> {
      calls.push(name);
      const answer = answers.get(name);
      if (!answer) throw new Error(`the stub has no answer for ${name}`);
      return answer(args) as T;
    },
    transaction: () => Promise.reject(new Error("the stub has no transactions")),
    close: async () => {},
  };
  return {
    auth: createAuth({ database, masterKey, publicUrl, ...options }),
    projectId,
    authUrl: `${publicUrl}/${projectId}`,
    jwtSecret,
    token: accessToken(`${publicUrl}/${projectId}`, jwtSecret),
    calls,
    answer: (name, answer) => void answers.set(name, answer),
  };
}

function accessToken(issuer: string, secret: string): string {
  return jwt.sign({ session_id: randomUUID(), role: "authenticated" }, secret, {
    issuer,
    subject: randomUUID(),
    audience: "authenticated",
    expiresIn: 3600,
  });
}

function configuration(projectId: string, masterKey: string, jwtSecret: string): Configuration {
  const kid = "stub";
  const sealed = seal(parseKeyring(masterKey), jwtSecret, jwtKeyContext(projectId, kid));
  return {
    name: "",
    site_url: "",
    redirect_urls: [],
    cors_origins: [],
    signup_enabled: true,
    email_confirmation: "optional",
    password_min_length: 8,
    breached_passwords: "off",
    bcrypt_cost: 4,
    signups_per_address: 0,
    anonymous_users: false,
    manual_linking: false,
    providers: [],
    verify_on_get: false,
    pages_enabled: true,
    page_color: "#1d4ed8",
    language: "en",
    jwt_keys: [
      {
        kid,
        algorithm: "HS256",
        state: "active",
        sealed: sealed.toString("hex"),
        public_jwk: null,
      },
    ],
  };
}
