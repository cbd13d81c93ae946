import { type Auth, type AuthOptions, createAuth } from "../../src/auth.ts";
import { connectPostgres, type PostgresOptions } from "../../src/database/postgres.ts";
import type { TestService } from "./service.ts";

/** Another process of the same service would be like this: nothing is shared but the database. */
export interface Instance {
  readonly auth: Auth;
  close(): Promise<void>;
}

/** Opens an instance on Postgres, as the worker's own login or as `options.url` says. */
export function openInstance(
  { engine, runtimeRole, masterKey, publicUrl }: TestService,
  options: Partial<PostgresOptions> = {},
  authOptions: Partial<AuthOptions> = {},
): Instance {
  if (engine.kind !== "postgres") throw new Error("PGlite is inside one process");
  const database = connectPostgres({ url: engine.url(runtimeRole), ...options });
  const auth = createAuth({ database, masterKey, publicUrl, ...authOptions });
  return {
    auth,
    async close() {
      await auth.close();
      await database.close();
    },
  };
}
