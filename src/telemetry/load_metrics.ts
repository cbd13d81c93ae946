import { Counter, Gauge, type Registry } from "prom-client";
import type { Database } from "../database/database.ts";
import type { Hasher } from "../passwords/hasher.ts";
import type { CallFailure } from "./watched.ts";

/** Tells of the hashing queue; the function counts a hash that was refused. */
export function hasherMetrics(registry: Registry, hasher: Hasher): () => void {
  const registers = [registry];
  new Gauge({
    name: "miosa_auth_hashes",
    help: "Password hashes that run and that wait",
    labelNames: ["state"],
    registers,
    collect() {
      const { running, waiting } = hasher.load();
      this.set({ state: "running" }, running);
      this.set({ state: "waiting" }, waiting);
    },
  });
  new Gauge({
    name: "miosa_auth_hashes_capacity",
    help: "Password hashes that may run and wait together before others are refused",
    registers,
    collect() {
      this.set(hasher.load().capacity);
    },
  });
  const refused = new Counter({
    name: "miosa_auth_hashes_refused_total",
    help: "Password hashes that the queue had no room for",
    registers,
  });
  return () => refused.inc();
}

/** Tells of the pools; the function counts a call that got no connection. */
export function poolMetrics(
  registry: Registry,
  databases: readonly Database[],
): (database: number, reason: CallFailure) => void {
  const registers = [registry];
  new Gauge({
    name: "miosa_auth_connections",
    help: "Connections of the pool of each database",
    labelNames: ["database", "state"],
    registers,
    collect() {
      databases.forEach((database, index) => {
        const load = database.load?.();
        if (!load) return;
        this.set({ database: index, state: "busy" }, load.busy);
        this.set({ database: index, state: "idle" }, load.idle);
      });
    },
  });
  new Gauge({
    name: "miosa_auth_calls_waiting",
    help: "Calls that wait for a connection",
    labelNames: ["database"],
    registers,
    collect() {
      databases.forEach((database, index) => {
        const load = database.load?.();
        if (load) this.set({ database: index }, load.waiting);
      });
    },
  });
  const failures = new Counter({
    name: "miosa_auth_call_failures_total",
    help: "Calls refused since too many waited, without a connection, or by a server with a full disk or read-only",
    labelNames: ["database", "reason"],
    registers,
  });
  return (database, reason) => failures.inc({ database, reason });
}
