import { randomInt } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { messageReader } from "../support/postgres_messages.ts";
import { countInjections, type Injections } from "./injections.ts";

/** What may become of one statement on its way to Postgres. */
export const wireFaults = [
  /** The link breaks, and the server has not seen it. */
  "cut before",
  /** It is on its way to the server while the link breaks: nobody waits for what comes of it. */
  "cut during",
  /** Its transaction has ended; the link breaks before the answer has passed. */
  "cut after",
  /** As before, by a TCP reset. */
  "reset",
  /** Its transaction has ended; from then on the link is silent, and stays. */
  "black hole",
  /** Everything passes, late. */
  "delay",
] as const;

export type WireFault = (typeof wireFaults)[number];

/** Decides about each statement; undefined lets it pass. */
export type ChooseFault = (statement: Buffer) => WireFault | undefined;

/** Stands between the service and its Postgres, and knows where a message ends. */
export interface WireProxy {
  /** The same connection string through this proxy. */
  through(url: string): string;
  readonly injections: Injections<WireFault>;
  /** From now on another choice; without one everything passes. */
  choose(choice?: ChooseFault): void;
  close(): Promise<void>;
}

const longestDelay = 50;

/** One of all faults, for a share of the statements. */
export function randomWireFault(
  rate: number,
  among: readonly WireFault[] = wireFaults,
): ChooseFault {
  return () => (Math.random() < rate ? among[randomInt(among.length)] : undefined);
}

export async function startWireProxy(targetPort: number): Promise<WireProxy> {
  const links = new Set<Socket>();
  const injections = countInjections<WireFault>();
  let choice: ChooseFault | undefined;

  const decide: ChooseFault = (statement) => {
    const fault = choice?.(statement);
    if (fault) injections.add(fault);
    return fault;
  };
  const proxy = createServer((client) => {
    const server = connect(targetPort, "127.0.0.1");
    for (const end of [client, server]) {
      links.add(end);
      end.once("close", () => links.delete(end));
    }
    join(client, server, decide);
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const { port } = proxy.address() as AddressInfo;

  return {
    injections,
    through(url) {
      const changed = new URL(url);
      changed.port = `${port}`;
      return changed.href;
    },
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

// Parse, Bind, Describe, Execute, Close and Flush wait for the Sync that makes them one statement.
const beforeSync = "PBDECH";
const isStatement = (type: string) => type === "S" || type === "Q";
const readyForQuery = "Z";

function join(client: Socket, server: Socket, decide: ChooseFault): void {
  let held: Buffer[] = [];
  let fault: WireFault | undefined;
  const cut = () => {
    client.destroy();
    server.destroy();
  };
  for (const end of [client, server]) end.setNoDelay(true).on("error", cut).on("close", cut);

  const forward = (bytes: Buffer) => {
    if (fault === "cut before") return cut();
    if (fault === "delay") {
      setTimeout(() => server.write(bytes), randomInt(longestDelay));
    } else if (fault === "cut during") {
      // What was written still arrives, and the server runs it.
      server.end(bytes);
      client.destroy();
    } else {
      server.write(bytes);
    }
  };
  const fromClient = messageReader("frontend", (type, bytes) => {
    held.push(bytes);
    if (type !== "" && beforeSync.includes(type)) return;
    const whole = Buffer.concat(held);
    held = [];
    if (isStatement(type)) fault = decide(whole);
    forward(whole);
  });
  const fromServer = messageReader("backend", (type, bytes) => {
    if (fault === undefined || fault === "delay") client.write(bytes);
    else if (type === readyForQuery && fault === "cut after") cut();
    else if (type === readyForQuery && fault === "reset") client.resetAndDestroy();
  });
  client.on("data", fromClient);
  server.on("data", fromServer);
}
