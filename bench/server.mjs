// The service in a process of its own, which tells its parent what it cost.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { connectPostgres, createAuth, startServer } from "miosa-auth";

const { url, masterKey, connections } = JSON.parse(process.env.BENCH_SERVER ?? "{}");

let calls = 0;
const database = connectPostgres({ url, connections, preparedStatements: true });
const counted = {
  ...database,
  call: (call) => {
    calls += 1;
    return database.call(call);
  },
};
const auth = createAuth({ database: counted, masterKey, publicUrl: "http://127.0.0.1" });
const server = await startServer({ fetch: auth.fetch, host: "127.0.0.1", port: 0 });

const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
let cpu = process.cpuUsage();

process.on("message", (message) => {
  if (message === "reset") {
    calls = 0;
    cpu = process.cpuUsage();
    delay.reset();
    process.send?.({});
  }
  if (message === "read") {
    const { user, system } = process.cpuUsage(cpu);
    process.send?.({
      calls,
      cpuMilliseconds: (user + system) / 1000,
      loopDelayP99: delay.percentile(99) / 1e6,
      loopDelayMax: delay.max / 1e6,
      rssMegabytes: process.memoryUsage().rss / 2 ** 20,
    });
  }
});
process.send?.({ port: server.port });
