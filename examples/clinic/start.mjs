#!/usr/bin/env node
// npm run example:clinic [-- --port 3000 --auth-port 8787 --data .miosa/clinic|memory --postgres --json]
import { parseArgs } from "node:util";
import { startClinic } from "./clinic.mjs";
import { drSmith } from "./seed.mjs";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "3000" },
    "auth-port": { type: "string", default: "8787" },
    data: { type: "string", default: ".miosa/clinic" },
    postgres: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});

try {
  const clinic = await startClinic({
    port: Number(values.port),
    authPort: Number(values["auth-port"]),
    dataDir: values.data === "memory" ? undefined : values.data,
    postgres: values.postgres,
  });
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.once(signal, async () => {
      await clinic.close();
      process.exit(0);
    });
  }
  const { url, environment } = clinic;
  if (values.json) console.log(JSON.stringify({ CLINIC_URL: url, ...environment }));
  else {
    console.log(`The clinic is open: ${url}

Sign up as a patient there. As staff, sign in as ${drSmith.email} with "${drSmith.password}".
AUTH_URL=${environment.AUTH_URL}
DATABASE_URL=${environment.DATABASE_URL}`);
  }
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exit(1);
}
