import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener, RequestError } from "@hono/node-server";
import { AuthError } from "../errors.ts";
import { plainErrorReply } from "./errors.ts";
import type { Bindings } from "./service.ts";

export interface ServerOptions {
  readonly fetch: (request: Request, bindings: Bindings) => Promise<Response>;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly limits?: Partial<ServerLimits>;
}

/** How long a client may take, in milliseconds, so that a slow one holds no socket for ever. */
export interface ServerLimits {
  /** Until all headers are there; 10,000 by default. */
  readonly headersTimeout: number;
  /** Until the whole body is there; 30,000 by default. */
  readonly requestTimeout: number;
  /** Between two requests on one connection; 5,000 by default. */
  readonly keepAliveTimeout: number;
  /** How often the first two are looked at; 2,000 by default. */
  readonly connectionsCheckingInterval: number;
}

/** A listening socket. */
export interface RunningServer {
  readonly port: number;
  /** Goes on serving, but each reply closes its connection, so that clients come back elsewhere. */
  drain(): void;
  /** Stops accepting, lets requests in flight finish for at most `grace` milliseconds, then closes. */
  close(grace?: number): Promise<void>;
}

const defaultLimits: ServerLimits = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 2_000,
};
const longestDrain = 30_000;
// Of connections that nobody has taken yet. Of a herd that comes at once, the kernel resets what is beyond it.
const backlog = 4_096;

/** Puts a socket before a fetch-style handler. Rejects when the address cannot be had. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const listener = getRequestListener(
    (request, bindings) => options.fetch(request, bindings as Bindings),
    { errorHandler: refuse },
  );
  const inFlight = new Set<ServerResponse>();
  let isDraining = false;
  const server = createServer(
    { ...defaultLimits, ...options.limits, maxHeaderSize: 16_384 },
    (incoming: IncomingMessage, outgoing: ServerResponse) => {
      inFlight.add(outgoing);
      outgoing.once("close", () => inFlight.delete(outgoing));
      if (isDraining) outgoing.shouldKeepAlive = false;
      void listener(incoming, outgoing);
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port: options.port, host: options.host, backlog }, resolve);
  });
  const drain = () => {
    isDraining = true;
    for (const outgoing of inFlight) outgoing.shouldKeepAlive = false;
  };
  return {
    port: (server.address() as AddressInfo).port,
    drain,
    close: (grace = longestDrain) => {
      drain();
      return closeServer(server, grace);
    },
  };
}

// What no handler was asked about, such as a target or a Host that cannot be one.
function refuse(error: unknown): Response {
  if (error instanceof AuthError) return plainErrorReply(error);
  const code = error instanceof RequestError ? "validation_failed" : "unexpected_failure";
  return plainErrorReply(new AuthError(code));
}

async function closeServer(server: Server, grace: number): Promise<void> {
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
