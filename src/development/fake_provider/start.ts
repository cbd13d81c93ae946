import { randomBytes } from "node:crypto";
import { AuthError } from "../../errors.ts";
import { startServer } from "../../http/server.ts";
import { fakeProvider } from "./provider.ts";
import type { FakeClient } from "./request.ts";
import { openTokens } from "./tokens.ts";

/** A fake provider that listens. */
export interface RunningFakeProvider extends FakeClient {
  readonly issuer: string;
  close(): Promise<void>;
}

/** The client that a development project is there. */
export const fakeClientId = "miosa-auth-dev";

/**
 * Starts it on the loopback interface. Identities are known by its URL, so it has the same port each time;
 * and one by number, so that browsers take it for another site than `localhost`, as a real one is.
 *
 * @param port 0 takes a free one
 * @throws AuthError validation_failed when the port is taken
 */
export async function startFakeProvider({
  port,
  redirectUri,
}: {
  readonly port: number;
  readonly redirectUri: string;
}): Promise<RunningFakeProvider> {
  const clientSecret = randomBytes(24).toString("base64url");
  const client = { clientId: fakeClientId, clientSecret, redirectUri };
  let answer: ReturnType<typeof fakeProvider> | undefined;
  const server = await startServer({
    host: "127.0.0.1",
    port,
    fetch: async (request) => {
      if (!answer) throw new AuthError("service_unavailable");
      return answer(request);
    },
  }).catch((error) => {
    throw portTaken(error, port);
  });
  const issuer = `http://127.0.0.1:${server.port}`;
  answer = fakeProvider(issuer, client, await openTokens(issuer, client));
  return { ...client, issuer, close: () => server.close(0) };
}

function portTaken(error: unknown, port: number): unknown {
  if ((error as { code?: string }).code !== "EADDRINUSE") return error;
  return new AuthError("validation_failed", {
    message: `Port ${port}, the one after the service's own, is in use, and the fake provider needs it; choose others with --port`,
    cause: error,
  });
}
