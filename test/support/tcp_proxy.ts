import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** What becomes of the statement that is waited for. */
export type Accident =
  /** The link breaks before the server has seen it. */
  | "cut before"
  /** The server has committed it; the link breaks before the client hears so. */
  | "cut after"
  /** The server has committed it; the client hears nothing, and the link stays. */
  | "silence";

/** Stands between the service and its Postgres. */
export interface TcpProxy {
  /** The same connection string through this proxy. */
  through(url: string): string;
  /** Happens once, to the next statement whose text contains `mark`; resolves when it has. */
  once(accident: Accident, mark: string): Promise<void>;
  /** Breaks every link and accepts no other until `allow`. */
  refuse(): void;
  /** A black hole: every link stays and is silent for good, and so is every other until `allow`. */
  swallow(): void;
  allow(): void;
  /** New links lead to another server; those that there are stay. */
  lead(port: number): void;
  close(): Promise<void>;
}

// ReadyForQuery, idle: by now the transaction of the statement has ended.
const readyForQuery = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

interface Trap {
  readonly accident: Accident;
  readonly mark: string;
  readonly sprung: () => void;
}

export async function startProxy(firstPort: number): Promise<TcpProxy> {
  let targetPort = firstPort;
  const links = new Set<Socket>();
  let trap: Trap | undefined;
  let isRefusing = false;
  let isSwallowing = false;
  // Links that were made before the last black hole pass nothing on.
  let generation = 0;

  const proxy = createServer((client) => {
    if (isRefusing) {
      client.destroy();
      return;
    }
    if (isSwallowing) {
      links.add(client.on("error", () => client.destroy()).on("close", () => links.delete(client)));
      client.resume();
      return;
    }
    const server = connect(targetPort, "127.0.0.1");
    const born = generation;
    let caught: Trap | undefined;
    const destroy = () => {
      client.destroy();
      server.destroy();
    };
    for (const end of [client, server]) {
      links.add(end);
      end.on("error", destroy).on("close", () => {
        links.delete(end);
        destroy();
      });
    }
    client.on("data", (chunk) => {
      if (born !== generation) return;
      if (trap && chunk.includes(trap.mark)) {
        caught = trap;
        trap = undefined;
        if (caught.accident === "cut before") {
          destroy();
          caught.sprung();
          return;
        }
      }
      server.write(chunk);
    });
    server.on("data", (chunk) => {
      if (born !== generation) return;
      if (!caught) {
        client.write(chunk);
      } else if (chunk.subarray(-readyForQuery.length).equals(readyForQuery)) {
        if (caught.accident === "cut after") destroy();
        caught.sprung();
      }
    });
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const { port } = proxy.address() as AddressInfo;

  return {
    through(url) {
      const changed = new URL(url);
      changed.port = `${port}`;
      return changed.href;
    },
    once: (accident, mark) =>
      new Promise((sprung) => {
        trap = { accident, mark, sprung };
      }),
    refuse() {
      isRefusing = true;
      for (const link of links) link.destroy();
    },
    swallow() {
      isSwallowing = true;
      generation += 1;
    },
    allow() {
      isRefusing = false;
      isSwallowing = false;
    },
    lead(port) {
      targetPort = port;
    },
    async close() {
      for (const link of links) link.destroy();
      proxy.close();
      await once(proxy, "close");
    },
  };
}
