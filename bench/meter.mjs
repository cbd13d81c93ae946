// A closed loop of clients, and what it took.
import { monitorEventLoopDelay } from "node:perf_hooks";

/** Runs `work` in `width` loops at once. The rate is over the time until the last answer. */
export async function closedLoop(width, seconds, work) {
  const latencies = [];
  const start = performance.now();
  const deadline = start + seconds * 1000;
  await Promise.all(
    Array.from({ length: width }, async (_, index) => {
      while (performance.now() < deadline) {
        const asked = performance.now();
        await work(index);
        latencies.push(performance.now() - asked);
      }
    }),
  );
  const elapsed = performance.now() - start;
  return {
    requests: latencies.length,
    rate: (latencies.length / elapsed) * 1000,
    ...quantiles(latencies),
  };
}

/** Milliseconds. */
export function quantiles(latencies) {
  const sorted = [...latencies].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { p50: at(0.5), p99: at(0.99) };
}

/** Wraps a database so that what is called is counted, and meters this process beside it. */
export function meter(database) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  let statements = 0;
  let cpu = process.cpuUsage();
  return {
    database: {
      ...database,
      call: (call) => {
        statements += 1;
        return database.call(call);
      },
    },
    reset() {
      statements = 0;
      cpu = process.cpuUsage();
      delay.reset();
    },
    read() {
      const { user, system } = process.cpuUsage(cpu);
      return {
        statements,
        cpuMilliseconds: (user + system) / 1000,
        loopDelayP99: delay.percentile(99) / 1e6,
        loopDelayMax: delay.max / 1e6,
        rssMegabytes: process.memoryUsage().rss / 2 ** 20,
      };
    },
  };
}
