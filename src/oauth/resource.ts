import { unreachable, unusable } from "./failures.ts";
import type { Evidence } from "./preset.ts";

/**
 * What an endpoint of the provider's says to the holder of the access token.
 *
 * @throws AuthError bad_oauth_callback, service_unavailable
 */
export async function readResource(
  { provider, remote, accessToken }: Evidence,
  url: string,
): Promise<unknown> {
  const headers = {
    accept: "application/json",
    authorization: `Bearer ${accessToken}`,
    // GitHub refuses whoever does not say what it is.
    "user-agent": "miosa-auth",
  };
  const reply = await remote.fetch(url, { headers }).catch((error: unknown) => {
    throw unreachable(provider, "its user endpoint", error);
  });
  if (reply.status !== 200) {
    throw unreachable(provider, "its user endpoint", new Error(`status ${reply.status}`));
  }
  return reply.json().catch((error: unknown) => {
    throw unusable(error);
  });
}
