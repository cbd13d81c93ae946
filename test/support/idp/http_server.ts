import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

export interface Asked {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly form: URLSearchParams;
  readonly authorization: string;
}

/** `hang` takes the request and never answers; `stall` begins to answer and never ends. */
export type Handling = Answer | "hang" | "stall";
export type Handler = (asked: Asked) => Promise<Handling> | Handling;

export interface TestServer {
  readonly origin: string;
  /** The paths that were asked for, in order. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** A server on this machine that answers with JSON. */
export async function serveJson(handler: Handler): Promise<TestServer> {
  const asked: string[] = [];
  // A connection that rests is not closed under a client that takes it again just then.
  const server = createServer({ keepAliveTimeout: 120_000 }, (incoming, outgoing) => {
    void reply(handler, incoming, outgoing, asked);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function reply(
  handler: Handler,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  asked: string[],
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  const url = new URL(incoming.url ?? "/", "http://localhost");
  asked.push(url.pathname);
  const answer = await handler({
    path: url.pathname,
    query: url.searchParams,
    form: new URLSearchParams(Buffer.concat(chunks).toString("utf8")),
    authorization: incoming.headers.authorization ?? "",
  });
  if (answer === "hang") return;
  if (answer === "stall") {
    outgoing.writeHead(200, { "Content-Type": "application/json" }).write("{");
    return;
  }
  const { status = 200, headers = {}, body } = answer;
  outgoing.writeHead(status, { "Content-Type": "application/json", ...headers });
  if (Buffer.isBuffer(body)) outgoing.end(body);
  else outgoing.end(body === undefined ? "" : JSON.stringify(body));
}
