import { once } from "node:events";
import { createServer } from "node:net";
import { AuthError } from "../errors.ts";

/** A port, or the usual one for a database and, when that is taken, one of the next. */
export type DatabasePortChoice = number | "usual";

const usualPort = 54_329;
const usualPorts = Array.from({ length: 20 }, (_, index) => usualPort + index);

/**
 * Finds a port that the database can have now.
 *
 * @throws AuthError validation_failed when the one asked for is taken
 */
export async function chooseDatabasePort(choice: DatabasePortChoice): Promise<number> {
  const candidates = choice === "usual" ? [...usualPorts, 0] : [choice];
  for (const candidate of candidates) {
    const port = await probe(candidate);
    if (port !== undefined) return port;
  }
  throw new AuthError("validation_failed", {
    message: `Port ${choice} is in use; choose another with --database-port, or \`off\``,
  });
}

/**
 * Opens the database's port. Between a port's being found free and its use another process may take
 * it: then there is the next.
 */
export async function onDatabasePort<T>(
  choice: DatabasePortChoice,
  open: (port: number) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await chooseDatabasePort(choice);
    try {
      return await open(port);
    } catch (error) {
      const isFree = (await probe(port)) !== undefined;
      if (isFree || attempt === 5) throw error;
    }
  }
}

async function probe(port: number): Promise<number | undefined> {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch (error) {
    if ((error as { code?: string }).code === "EADDRINUSE") return undefined;
    throw error;
  }
  const address = server.address();
  server.close();
  await once(server, "close");
  return address !== null && typeof address === "object" ? address.port : undefined;
}
