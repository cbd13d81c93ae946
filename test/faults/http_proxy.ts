import { randomInt } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { countInjections, type Injections } from "./injections.ts";

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
  /** The sender says after its request that no more will come: to the service it has left. */
  "half-close",
] as const;

export type HttpFault = (typeof httpFaults)[number];

/** Stands between clients and the service. */
export interface HttpProxy {
  readonly port: number;
  readonly injections: Injections<HttpFault>;
  /** Decides about each request; without a choice everything passes. */
  choose(choice?: () => HttpFault | undefined): void;
  close(): Promise<void>;
}

/** One of all faults, for a share of the requests. */
export function randomHttpFault(rate: number): () => HttpFault | undefined {
  return () => (Math.random() < rate ? httpFaults[randomInt(httpFaults.length)] : undefined);
}

/**
 * For clients that make a connection for each request and send it in one write, so that a request
 * is one piece and a reply ends with its connection.
 */
export async function startHttpProxy(targetPort: number): Promise<HttpProxy> {
  const links = new Set<Socket>();
  const injections = countInjections<HttpFault>();
  let choice: (() => HttpFault | undefined) | undefined;

  const proxy = createServer({ allowHalfOpen: true }, (client) => {
    const server = connect({ port: targetPort, host: "127.0.0.1", allowHalfOpen: true });
    const fault = choice?.();
    if (fault) injections.add(fault);
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
    injections,
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
