import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** What may become of one request on its way to the service, or of its reply. */
export const httpFaults = [
  /** The service has written all of it, and none of it arrives. */
  "lost reply",
  /** Half of it arrives. */
  "cut reply",
  /** Half of the request arrives. */
  "cut request",
  /** The request arrives in drops; all is well. */
  "slow sender",
  /** The sender says after its request that no more will come, and waits for the reply. */
  "half-close",
] as const;

export type HttpFault = (typeof httpFaults)[number];

/** Stands between clients and the service. */
export interface HttpProxy {
  readonly port: number;
  /** How many requests met which fault so far. */
  readonly injected: ReadonlyMap<HttpFault, number>;
  /** Decides about each request; without a choice everything passes. */
  choose(choice?: () => HttpFault | undefined): void;
  close(): Promise<void>;
}

/**
 * For clients that make a connection for each request and send it in one write, so that a request
 * is one piece and a reply ends with its connection.
 */
export async function startHttpProxy(targetPort: number): Promise<HttpProxy> {
  const links = new Set<Socket>();
  const injected = new Map<HttpFault, number>();
  let choice: (() => HttpFault | undefined) | undefined;

  const proxy = createServer({ allowHalfOpen: true }, (client) => {
    const server = connect({ port: targetPort, host: "127.0.0.1", allowHalfOpen: true });
    const fault = choice?.();
    if (fault) injected.set(fault, (injected.get(fault) ?? 0) + 1);
    const cut = () => {
      client.destroy();
      server.destroy();
    };
    for (const end of [client, server]) {
      links.add(end);
      end.on("error", cut).on("close", () => links.delete(end));
    }
    client.once("data", (request) => void passRequest(request, server, fault, cut));
    client.once("close", () => server.destroy());
    passReply(client, server, fault, cut);
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");

  return {
    port: (proxy.address() as AddressInfo).port,
    injected,
    choose(next) {
      choice = next;
    },
    async close() {
      for (const link of links) link.destroy();
      proxy.close();
      await once(proxy, "close");
    },
  };
}

const drops = 8;

async function passRequest(
  request: Buffer,
  server: Socket,
  fault: HttpFault | undefined,
  cut: () => void,
): Promise<void> {
  if (fault === "half-close") {
    server.end(request);
  } else if (fault === "cut request") {
    server.write(request.subarray(0, request.length / 2), cut);
  } else if (fault === "slow sender") {
    const size = Math.ceil(request.length / drops);
    for (let at = 0; at < request.length && server.writable; at += size) {
      server.write(request.subarray(at, at + size));
      await sleep(2);
    }
  } else {
    server.write(request);
  }
}

function passReply(
  client: Socket,
  server: Socket,
  fault: HttpFault | undefined,
  cut: () => void,
): void {
  server.on("data", (reply) => {
    if (fault === "cut reply") client.write(reply.subarray(0, reply.length / 2), cut);
    else if (fault !== "lost reply") client.write(reply);
  });
  server.once("end", () => {
    if (fault === "lost reply") cut();
    else client.end();
    server.end();
  });
}
