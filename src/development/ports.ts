import { once } from "node:events";
import { createServer } from "node:net";
import { AuthError } from "../errors.ts";

/** A port, or the usual one for a database and, when that is taken, one of the next. */
export type DatabasePortChoice = number | "usual";

const usualPort = 54_329;
const usualPorts = Array.from({ length: 20 }, (_, index) => usualPort + index);

/**
 * Finds out before anything is opened which port the database can have.
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
