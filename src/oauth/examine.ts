import type { AuthorizationServer } from "oauth4webapi";
import { z } from "zod";
import type { Preset } from "./preset.ts";
import type { Provider } from "./provider.ts";
import { presetOf } from "./providers/index.ts";
import type { Remote } from "./remote.ts";

/** One thing that was looked at before anybody signs in at a provider. */
export interface ProviderFinding {
  readonly check: "kind" | "metadata" | "keys" | "client" | "token endpoint";
  readonly status: "ok" | "fail";
  readonly message: string;
}

const keySet = z.object({
  keys: z.array(z.looseObject({ kty: z.string(), use: z.string().optional() })),
});
const publicKinds = new Set(["RSA", "EC", "OKP"]);

/**
 * Asks a provider for what a sign-in will ask it for, and shows it no secret: its metadata, which must
 * be of the configured issuer and name endpoints that are safe to use, and its keys. Whether it knows
 * the client, and the address to which it leads back, shows at the first sign-in alone.
 */
export async function examineProvider(
  provider: Provider,
  remote: Remote,
): Promise<ProviderFinding[]> {
  const preset = presetOf(provider.kind);
  if (!preset) return [fail("kind", `this release knows no providers of kind ${provider.kind}`)];
  let server: AuthorizationServer;
  try {
    server = await preset.server(provider, remote);
  } catch (error) {
    return [fail("metadata", reasonOf(error))];
  }
  return [
    ok("metadata", `they are of ${server.issuer}`),
    ...(preset.idTokens ? [await look("keys", () => readKeys(server, remote))] : []),
    await look("client", () => makeSecret(preset, provider, server)),
    await look("token endpoint", () => reach(server, remote)),
  ];
}

async function readKeys({ jwks_uri: text }: AuthorizationServer, remote: Remote): Promise<string> {
  if (text === undefined) throw new Error("its metadata name no keys");
  const { href: url } = new URL(text);
  const reply = await remote.fetch(url, { headers: { accept: "application/json" } });
  if (reply.status !== 200) throw new Error(`${url} answers with the status ${reply.status}`);
  const { data } = keySet.safeParse(await reply.json().catch(() => null));
  const fit = data?.keys.filter(({ kty, use = "sig" }) => publicKinds.has(kty) && use === "sig");
  if (!fit?.length) throw new Error(`${url} has no public key that signs`);
  return `${fit.length} at ${url}`;
}

async function makeSecret(
  preset: Preset,
  provider: Provider,
  server: AuthorizationServer,
): Promise<string> {
  await preset.clientAuthentication(provider, server);
  return provider.secret === "" ? "has no secret, and PKCE alone" : "has a secret that can be used";
}

async function reach({ token_endpoint: text }: AuthorizationServer, remote: Remote) {
  if (text === undefined) throw new Error("its metadata name none");
  const { href: url } = new URL(text);
  const { status } = await remote.fetch(url);
  if (status >= 500) throw new Error(`${url} answers with the status ${status}`);
  return `${url} answers`;
}

async function look(
  check: ProviderFinding["check"],
  work: () => Promise<string>,
): Promise<ProviderFinding> {
  try {
    return ok(check, await work());
  } catch (error) {
    return fail(check, reasonOf(error));
  }
}

function ok(check: ProviderFinding["check"], message: string): ProviderFinding {
  return { check, status: "ok", message };
}

function fail(check: ProviderFinding["check"], message: string): ProviderFinding {
  return { check, status: "fail", message };
}

// What a refusal hides from users, an operator is told.
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  if (error.cause instanceof Error) return reasonOf(error.cause);
  return error.message;
}
