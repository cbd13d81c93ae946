import { once } from "node:events";
import { createServer } from "node:net";
import { PGLiteSocketHandler } from "@electric-sql/pglite-socket";
import { ClientSession } from "./client_session.ts";
import type { SharedConnection } from "./shared_connection.ts";

export interface PortOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly host?: string;
  readonly maxClients?: number;
  readonly idleInTransaction?: number;
}

/** A Postgres port that is open. */
export interface DatabasePort {
  readonly port: number;
  /** Ends its clients, rolling their transactions back, and closes the port. */
  close(): Promise<void>;
}

type Queue = ConstructorParameters<typeof PGLiteSocketHandler>[0]["queryQueue"];

/**
 * Serves a shared connection to clients that speak Postgres' protocol. pglite-socket takes the bytes
 * apart; its own queue is not used, since it lets the service and other clients in between the
 * messages of one statement, and all clients into one session.
 *
 * @throws the error of listening, such as EADDRINUSE
 */
export async function openPort(
  connection: SharedConnection,
  { port, host = "127.0.0.1", maxClients = 50, idleInTransaction = 5_000 }: PortOptions,
): Promise<DatabasePort> {
  const clients = new Set<PGLiteSocketHandler>();
  let count = 0;
  const server = createServer((socket) => {
    count += 1;
    const session = new ClientSession({
      connection,
      id: count,
      isOneTooMany: clients.size >= maxClients,
      idleInTransaction,
      end: () => socket.end(),
    });
    const client = new PGLiteSocketHandler({
      queryQueue: session as unknown as Queue,
      closeOnDetach: true,
    });
    clients.add(client);
    for (const event of ["close", "error"]) {
      client.addEventListener(event, () => clients.delete(client));
    }
    void client.attach(socket);
  });
  server.listen(port, host);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening on a port");
  return {
    port: address.port,
    async close() {
      server.close();
      await Promise.all([...clients].map((client) => client.detach(true)));
    },
  };
}
