import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { type Running, startCli } from "../support/cli.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type TestProject,
} from "../support/project.ts";
import { startLoadBalancer } from "./load_balancer.ts";

export interface Rolled {
  readonly requests: number;
  /** What each failed request was told. */
  readonly failures: readonly string[];
  readonly exitCodes: readonly (number | null)[];
}

const origin = "http://auth.test";
const clients = 6;
const requestsBetween = 30;

/**
 * Two nodes of `serve` behind a load balancer that trade places: one after the other is told to stop
 * and started anew, while clients with kept connections refresh, look and sign in.
 */
export async function rollRestarts(restarts: number): Promise<Rolled> {
  // To the nodes all clients have one address: the load balancer's.
  const project = await createTestProject({ logins_per_address: 0 });
  const ports = [await freePort(), await freePort()];
  const nodes = await Promise.all(ports.map((port) => startNode(project, port)));
  const balancer = await startLoadBalancer(ports);
  const failures: string[] = [];
  const exitCodes: (number | null)[] = [];
  let requests = 0;
  let isStopping = false;

  async function ask<T>(path: string, body: object | null, token = ""): Promise<T | undefined> {
    requests += 1;
    try {
      const reply = await fetch(`${balancer.origin}/${project.id}${path}`, {
        method: body ? "POST" : "GET",
        headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      const text = await reply.text();
      if (reply.status === 200) return JSON.parse(text) as T;
      failures.push(`${path} ${reply.status} ${text}`);
    } catch (error) {
      failures.push(`${path} ${(error as { cause?: unknown }).cause ?? error}`);
    }
    return undefined;
  }
  async function client(): Promise<void> {
    const email = freshEmail();
    let session = await project.signUp({ email });
    while (!isStopping) {
      const signedIn = await ask<SessionReply>("/token", { email, password: goodPassword });
      session = signedIn ?? session;
      for (let time = 0; time < 10 && !isStopping; time += 1) {
        const { refresh_token } = session;
        session = (await ask<SessionReply>("/refresh", { refresh_token })) ?? session;
        await ask("/user", null, session.access_token);
        await sleep(5);
      }
    }
  }

  try {
    await Promise.all(ports.map((port) => balancer.until(port, true)));
    const load = Promise.all(Array.from({ length: clients }, client));
    for (let restart = 0; restart < restarts; restart += 1) {
      const index = restart % ports.length;
      const port = ports[index] ?? 0;
      const least = requests + requestsBetween;
      while (requests < least) await sleep(10);
      exitCodes.push((await nodes[index]?.stop("SIGTERM")) ?? null);
      nodes[index] = await startNode(project, port);
      await balancer.until(port, true);
    }
    isStopping = true;
    await load;
  } finally {
    isStopping = true;
    await balancer.close();
    await Promise.all(nodes.map((node) => node.stop()));
  }
  return { requests, failures, exitCodes };
}

function startNode({ service }: TestProject, port: number): Promise<Running<unknown>> {
  const { engine, runtimeRole, masterKey } = service;
  if (engine.kind !== "postgres") throw new Error("serve needs a server");
  return startCli(["serve"], {
    MIOSA_AUTH_DATABASE: engine.url(runtimeRole),
    MIOSA_AUTH_KEY: masterKey,
    MIOSA_AUTH_PORT: `${port}`,
    MIOSA_AUTH_PUBLIC_URL: origin,
    MIOSA_AUTH_DRAIN: "1",
  });
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}
