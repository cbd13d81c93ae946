// The service in a process of its own, which tells its parent what it cost.
import { connectPostgres, createAuth, startServer } from "miosa-auth";
import { meter } from "./meter.mjs";

const { url, masterKey, connections } = JSON.parse(process.env.BENCH ?? "{}");

const metered = meter(connectPostgres({ url, connections, preparedStatements: true }));
const auth = createAuth({ database: metered.database, masterKey, publicUrl: "http://127.0.0.1" });
const server = await startServer({ fetch: auth.fetch, host: "127.0.0.1", port: 0 });

process.on("disconnect", () => process.exit());
process.on("message", (message) => {
  if (message === "reset") metered.reset();
  process.send?.(message === "read" ? metered.read() : {});
});
process.send?.({ port: server.port });
