import { setTimeout as sleep } from "node:timers/promises";
import { type Running, startCli } from "../support/cli.ts";
import type { TestService } from "../support/service.ts";

/** A process of `miosa-auth serve`, which comes back on the port that it had. */
export interface KillableService {
  readonly port: number;
  /** Of the process that runs now. */
  pid(): number;
  /**
   * Ends it by a signal, does `meanwhile`, starts it anew, and gives the milliseconds from that start until
   * it was ready.
   */
  restart(signal: "SIGKILL" | "SIGTERM", meanwhile?: () => Promise<unknown>): Promise<number>;
  stop(): Promise<void>;
}

export interface KillableOptions {
  /** Where its database is, if not straight at the server. */
  readonly url?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export async function startKillable(
  { engine, runtimeRole, masterKey, publicUrl }: TestService,
  { url, environment }: KillableOptions = {},
): Promise<KillableService> {
  if (engine.kind !== "postgres") throw new Error("PGlite serves one process");
  const start = (port: string) =>
    startCli(["serve"], {
      MIOSA_AUTH_DATABASE: url ?? engine.url(runtimeRole),
      MIOSA_AUTH_KEY: masterKey,
      MIOSA_AUTH_PORT: port,
      // One for all processes, since tokens name it.
      MIOSA_AUTH_PUBLIC_URL: publicUrl,
      MIOSA_AUTH_DRAIN: "0",
      ...environment,
    });
  let running: Running<Record<string, string>> = await start("0");
  const port = Number(running.printed.port);
  return {
    port,
    pid: () => running.child.pid ?? 0,
    async restart(signal, meanwhile) {
      await running.stop(signal);
      await meanwhile?.();
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
