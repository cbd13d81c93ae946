// Better Auth as a server: e-mail and password, its defaults, and what makes the comparison even: the
// same hasher at the same cost, the same number of connections, no rate limit.
import { createServer } from "node:http";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import pg from "pg";
import { createHasher } from "../../dist/src/passwords/hasher.js";
import { newSalt } from "../../dist/src/passwords/salt.js";
import { meter } from "../meter.mjs";

const { url, connections, cookieCache } = JSON.parse(process.env.BENCH ?? "{}");
const hasher = createHasher();
const server = createServer();
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const { port } = server.address();

const options = {
  baseURL: `http://127.0.0.1:${port}`,
  secret: "a secret of the benchmark alone, 0123456789",
  database: new pg.Pool({ connectionString: url, max: connections }),
  emailAndPassword: {
    enabled: true,
    password: {
      hash: (password) => hasher.hash(password, newSalt(10)),
      verify: async ({ hash, password }) =>
        (await hasher.hash(password, hash.slice(0, 29))) === hash,
    },
  },
  session: { cookieCache: { enabled: cookieCache } },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  logger: { level: "error" },
};
await (await getMigrations(options)).runMigrations();
server.on("request", toNodeHandler(betterAuth(options)));

const metered = meter({});
process.on("disconnect", () => process.exit());
process.on("message", (message) => {
  if (message === "reset") metered.reset();
  process.send?.(message === "read" ? metered.read() : {});
});
process.send?.({ port });
