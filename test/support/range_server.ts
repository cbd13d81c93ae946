import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type RangeAnswer = (response: ServerResponse, request: IncomingMessage) => void;

/** A range API of leaked passwords that answers as it is told, and keeps what it was asked. */
export interface RangeServer {
  readonly url: string;
  readonly asked: { path: string; padding: unknown }[];
  answer: RangeAnswer;
  close(): Promise<void>;
}

export async function startRangeServer(answer: RangeAnswer): Promise<RangeServer> {
  const asked: RangeServer["asked"] = [];
  const server = createServer((request, response) => {
    asked.push({ path: request.url ?? "", padding: request.headers["add-padding"] });
    range.answer(response, request);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  const range: RangeServer = {
    url: `http://127.0.0.1:${port}/range`,
    asked,
    answer,
    async close() {
      server.closeAllConnections();
      if (server.listening) await new Promise((closed) => server.close(closed));
    },
  };
  return range;
}

/** The 40 digits that a password is known by. */
export function sha1(password: string): string {
  return createHash("sha1").update(password).digest("hex").toUpperCase();
}

/** Lists passwords, each with how often it leaked, among another that nobody has. */
export function listing(leaked: Readonly<Record<string, number>>): RangeAnswer {
  return (response, request) => {
    const prefix = request.url?.slice(-5);
    const lines = Object.entries(leaked)
      .map(([password, count]) => [sha1(password), count] as const)
      .filter(([digest]) => digest.startsWith(prefix ?? ""))
      .map(([digest, count]) => `${digest.slice(5)}:${count}`);
    response.end([`${"0".repeat(35)}:7`, ...lines].join("\r\n"));
  };
}
