import { setTimeout as sleep } from "node:timers/promises";
import { type Running, startCli } from "../support/cli.ts";
import type { TestService } from "../support/service.ts";

/** A process of `miosa-auth serve`, which comes back on the port that it had. */
export interface KillableService {
  readonly port: number;
  /** `kill -9`, a new start, and the milliseconds from that start until it was ready. */
  killAndRestart(): Promise<number>;
  stop(): Promise<void>;
}

export async function startKillable(service: TestService): Promise<KillableService> {
  const { engine, runtimeRole, masterKey, publicUrl } = service;
  if (engine.kind !== "postgres") throw new Error("PGlite serves one process");
  const url = engine.url(runtimeRole);
  const start = (port: string) =>
    startCli(["serve"], {
      MIOSA_AUTH_DATABASE: url,
      MIOSA_AUTH_KEY: masterKey,
      MIOSA_AUTH_PORT: port,
      // One for all processes, since tokens name it.
      MIOSA_AUTH_PUBLIC_URL: publicUrl,
    });
  let running: Running<Record<string, string>> = await start("0");
  const port = Number(running.printed.port);
  return {
    port,
    async killAndRestart() {
      await running.stop("SIGKILL");
      const before = performance.now();
      running = await start(`${port}`);
      while (!(await isReady(port))) await sleep(20);
      return performance.now() - before;
    },
    async stop() {
      await running.stop();
    },
  };
}

async function isReady(port: number): Promise<boolean> {
  const reply = await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => undefined);
  return reply?.status === 200;
}
