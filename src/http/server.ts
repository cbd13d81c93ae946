import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import type { Bindings } from "./service.ts";

export interface ServerOptions {
  readonly fetch: (request: Request, bindings: Bindings) => Promise<Response>;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/** A listening socket. */
export interface RunningServer {
  readonly port: number;
  /** Stops accepting, lets requests in flight finish for at most `grace` milliseconds, then closes. */
  close(grace?: number): Promise<void>;
}

const longestDrain = 30_000;

/** Puts a socket before a fetch-style handler. Rejects when the address cannot be had. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const server = createAdaptorServer({
    fetch: (request, bindings) => options.fetch(request, bindings as Bindings),
    serverOptions: {
      // A client that sends a byte now and then must not hold a socket for ever.
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      keepAliveTimeout: 5_000,
      connectionsCheckingInterval: 2_000,
      maxHeaderSize: 16_384,
    },
  }) as Server;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: (grace = longestDrain) => drain(server, grace),
  };
}

async function drain(server: Server, grace: number): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeIdleConnections();
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  const deadline = setTimeout(() => server.closeAllConnections(), grace);
  await closed;
  clearInterval(idle);
  clearTimeout(deadline);
}
