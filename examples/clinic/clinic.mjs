// The whole clinic in one process: auth service, database, seed, and the clinic's own server.
import { readFile } from "node:fs/promises";
import { serve } from "@hono/node-server";
import { addReference, connectPostgres, grantHelpers, startDevelopment } from "miosa-auth";
import pg from "pg";
import { createApp } from "./app.mjs";
import { seedStaff } from "./seed.mjs";

/** Starts everything; `dataDir` undefined keeps nothing. */
export async function startClinic({ port, authPort, dataDir, postgres = false }) {
  const development = await startDevelopment({
    projectId: "proj_clinic",
    port: authPort,
    dataDir,
    databasePort: "usual",
    postgres,
  });
  const { AUTH_URL, AUTH_JWT_SECRET, DATABASE_URL } = development.environment;
  await installSchema(DATABASE_URL);
  await seedStaff(AUTH_URL, DATABASE_URL);

  const appUrl = new URL(DATABASE_URL);
  appUrl.username = "clinic_app";
  const pool = new pg.Pool({ connectionString: appUrl.href, max: 4 });
  pool.on("error", () => {});
  const app = createApp({ pool, authUrl: AUTH_URL, jwtSecret: AUTH_JWT_SECRET });
  const server = await listen(app, port);
  return {
    url: `http://localhost:${server.address().port}`,
    environment: development.environment,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await pool.end();
      await development.close();
    },
  };
}

async function installSchema(databaseUrl) {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query("select to_regnamespace('clinic') is not null as present");
    if (rows[0].present) return;
    await client.query(
      `begin; ${await readFile(new URL("schema.sql", import.meta.url), "utf8")}; commit`,
    );
  } finally {
    await client.end();
  }
  // The same as: miosa-auth project grant proj_clinic clinic_app --database ...
  const database = connectPostgres({ url: databaseUrl, connections: 1 });
  await grantHelpers(database, "proj_clinic", "clinic_app");
  // ... and project reference proj_clinic clinic.staff user_id --on-delete cascade: who leaves is forgotten.
  for (const [table, column] of [
    ["clinic.staff", "user_id"],
    ["clinic.appointments", "patient_id"],
  ]) {
    await addReference(database, "proj_clinic", table, column, { onDelete: "cascade" });
  }
  await database.close();
}

function listen(app, port) {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, port, hostname: "127.0.0.1" }, () => resolve(server));
    server.once("error", reject);
  });
}
