import { setTimeout as sleep } from "node:timers/promises";
import type { OwnServer } from "../support/own_server.ts";
import { type HttpProxy, randomHttpFault, startHttpProxy } from "./http_proxy.ts";
import { type CountedInjections, countInjections } from "./injections.ts";
import { type KillableService, startKillable } from "./killed_service.ts";
import { terminateBackends } from "./terminated_backends.ts";
import { randomWireFault, startWireProxy } from "./wire_proxy.ts";

const mixedFaults = [
  "links to Postgres broken for a second",
  "requests and replies lost for a second",
  "backends terminated",
  "Postgres crashed and started",
  "service killed and started",
  "service told to stop and started",
] as const;

type MixedFault = (typeof mixedFaults)[number];

/** Two processes before one Postgres, with proxies before all three. */
export interface Faulty {
  /** One that is not killed, so that what it holds can be looked at. */
  readonly spared: KillableService;
  /** Of one process or the other. */
  port(): number;
  readonly injections: CountedInjections<MixedFault>;
  /** One fault after the other, until that moment on the clock of `performance.now()`. */
  injectUntil(end: number): Promise<void>;
  close(): Promise<void>;
}

const rate = 0.3;
const longestRest = 3_000;

export async function startFaulty({ server, project }: OwnServer): Promise<Faulty> {
  const { service } = project;
  const wire = await startWireProxy(server.port);
  const options = {
    url: wire.through(server.url("postgres", service.runtimeRole)),
    // What it logs is kept by whoever started it.
    environment: { MIOSA_AUTH_LOG_LEVEL: "fatal" },
  };
  const spared = await startKillable(service, options);
  const victim = await startKillable(service, options);
  const proxies: HttpProxy[] = [
    await startHttpProxy(spared.port),
    await startHttpProxy(victim.port),
  ];
  const injections = countInjections<MixedFault>();
  let turn = 0;

  const inject: Record<MixedFault, () => Promise<unknown>> = {
    async "links to Postgres broken for a second"() {
      wire.choose(randomWireFault(rate));
      await sleep(1_000);
      wire.choose();
    },
    async "requests and replies lost for a second"() {
      for (const proxy of proxies) proxy.choose(randomHttpFault(rate));
      await sleep(1_000);
      for (const proxy of proxies) proxy.choose();
    },
    "backends terminated": () => terminateBackends(service, 3),
    "Postgres crashed and started": () => server.restart("immediate"),
    "service killed and started": () => victim.restart("SIGKILL"),
    "service told to stop and started": () => victim.restart("SIGTERM"),
  };
  return {
    spared,
    port: () => proxies[turn++ % proxies.length]?.port ?? 0,
    injections,
    async injectUntil(end) {
      while (performance.now() < end) {
        const fault = mixedFaults[Math.floor(Math.random() * mixedFaults.length)] as MixedFault;
        await inject[fault]();
        injections.add(fault);
        await sleep(Math.random() * longestRest);
      }
    },
    async close() {
      await Promise.all(proxies.map((proxy) => proxy.close()));
      await Promise.all([spared.stop(), victim.stop()]);
      await wire.close();
    },
  };
}
