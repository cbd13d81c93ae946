import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Sends requests to those nodes in turn that say that they are ready. It repeats none. */
export interface LoadBalancer {
  readonly origin: string;
  /** Until a node is sent requests, or is sent none any more. */
  until(port: number, isReady: boolean): Promise<void>;
  close(): Promise<void>;
}

const interval = 50;

export async function startLoadBalancer(ports: readonly number[]): Promise<LoadBalancer> {
  const agent = new Agent({ keepAlive: true });
  const ready = new Set<number>();
  let turn = 0;
  let isClosing = false;

  const looking = ports.map(async (port) => {
    while (!isClosing) {
      if (await isNodeReady(port)) ready.add(port);
      else ready.delete(port);
      await sleep(interval);
    }
  });
  const server = createServer((incoming, outgoing) => {
    const open = ports.filter((port) => ready.has(port));
    turn += 1;
    const port = open[turn % open.length];
    if (port === undefined) outgoing.writeHead(502).end();
    else pass(agent, port, incoming, outgoing);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async until(port, isReady) {
      while (ready.has(port) !== isReady) await sleep(interval / 5);
    },
    async close() {
      isClosing = true;
      await Promise.all(looking);
      server.close();
      server.closeAllConnections();
      agent.destroy();
    },
  };
}

async function isNodeReady(port: number): Promise<boolean> {
  try {
    const reply = await fetch(`http://127.0.0.1:${port}/health/ready`, {
      headers: { Connection: "close" },
      signal: AbortSignal.timeout(5_000),
    });
    await reply.text();
    return reply.status === 200;
  } catch {
    return false;
  }
}

function pass(agent: Agent, port: number, incoming: IncomingMessage, outgoing: ServerResponse) {
  const { method, url: path, headers } = incoming;
  const { connection: _, ...passed } = headers;
  const onward = request({ agent, host: "127.0.0.1", port, method, path, headers: passed });
  onward.on("response", (reply) => {
    const { connection: __, "keep-alive": ___, ...replied } = reply.headers;
    outgoing.writeHead(reply.statusCode ?? 502, replied);
    reply.pipe(outgoing);
  });
  onward.on("error", () => {
    if (outgoing.headersSent) outgoing.destroy();
    else outgoing.writeHead(502).end();
  });
  incoming.pipe(onward);
}
