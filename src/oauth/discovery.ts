import type { AuthorizationServer } from "oauth4webapi";
import { z } from "zod";
import type { SafeFetch } from "./safe_fetch.ts";

const metadata = z.object({
  issuer: z.string(),
  authorization_endpoint: z.url(),
  token_endpoint: z.url(),
  jwks_uri: z.url(),
  userinfo_endpoint: z.url().optional(),
  id_token_signing_alg_values_supported: z.array(z.string()).optional(),
  token_endpoint_auth_methods_supported: z.array(z.string()).optional(),
  authorization_response_iss_parameter_supported: z.boolean().optional(),
});

const endpoints = [
  "authorization_endpoint",
  "token_endpoint",
  "jwks_uri",
  "userinfo_endpoint",
] as const;

/**
 * Reads `<issuer>/.well-known/openid-configuration` (OpenID Connect Discovery 1.0 section 4). The
 * document must call itself by `name` to the letter, and may name endpoints of any origin that could be
 * asked themselves.
 *
 * @throws Error
 */
export async function discoverServer(
  issuer: string,
  name: string,
  { fetch, requireAdmitted }: { fetch: SafeFetch; requireAdmitted(url: string): void },
): Promise<AuthorizationServer> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const reply = await fetch(url, { headers: { accept: "application/json" } });
  if (reply.status !== 200) throw new Error(`its metadata answer with the status ${reply.status}`);
  const parsed = metadata.safeParse(await reply.json().catch(() => null));
  if (!parsed.success) throw new Error("its metadata are none");
  if (parsed.data.issuer !== name) throw new Error("its metadata are of another issuer");
  for (const name of endpoints) {
    const endpoint = parsed.data[name];
    if (endpoint !== undefined) requireAdmitted(endpoint);
  }
  return parsed.data as AuthorizationServer;
}
