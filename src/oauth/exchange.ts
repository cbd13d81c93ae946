import {
  AuthorizationResponseError,
  type AuthorizationServer,
  allowInsecureRequests,
  authorizationCodeGrantRequest,
  type Client,
  customFetch,
  skipStateCheck,
  validateAuthResponse,
} from "oauth4webapi";
import { z } from "zod";
import { AuthError } from "../errors.ts";
import { misconfigured, unreachable, unusable } from "./failures.ts";
import type { FlowSecrets } from "./flow.ts";
import type { Person, Preset } from "./preset.ts";
import type { Provider } from "./provider.ts";
import type { ProviderTokens } from "./provider_tokens.ts";
import type { Remote } from "./remote.ts";

export interface Exchanged {
  readonly person: Person;
  readonly tokens: ProviderTokens;
}

const tokenReply = z.object({
  access_token: z.string().min(1),
  token_type: z.string().regex(/^bearer$/i),
  id_token: z.string().nullish(),
  refresh_token: z.string().nullish(),
});
const clientFaults = new Set([
  "invalid_client",
  "unauthorized_client",
  "incorrect_client_credentials",
]);

/**
 * Turns the answer that a browser brought from a provider into who somebody is: checks that it is of
 * this provider (RFC 9207), exchanges its code, and asks who that is.
 *
 * @throws AuthError bad_oauth_callback, with the status 403 when the person there said no;
 * service_unavailable, unexpected_failure
 */
export function exchangeAnswer(
  reachable: Reachable,
  answer: URLSearchParams,
  flow: AnsweredFlow,
): Promise<Exchanged> {
  const { provider, remote } = reachable;
  return withinDeadline(exchange(reachable, answer, flow), remote.deadline, () =>
    unreachable(provider, "all it was asked", new Error("no answer in time")),
  );
}

interface Reachable {
  readonly preset: Preset;
  readonly provider: Provider;
  readonly remote: Remote;
}

interface AnsweredFlow {
  readonly secrets: FlowSecrets;
  readonly redirectUri: string;
}

async function exchange(
  { preset, provider, remote }: Reachable,
  answer: URLSearchParams,
  { secrets, redirectUri }: AnsweredFlow,
): Promise<Exchanged> {
  const server = await preset.server(provider, remote);
  const client = { client_id: provider.clientId };
  const parameters = validAnswer(server, client, answer);
  const authentication = await preset.clientAuthentication(provider, server);
  const reply = await authorizationCodeGrantRequest(
    server,
    client,
    authentication,
    parameters,
    redirectUri,
    secrets.verifier,
    // Which URLs are plain is for the fetch to judge.
    { [customFetch]: remote.fetch, [allowInsecureRequests]: true },
  ).catch((error: unknown) => {
    throw unreachable(provider, "its token endpoint", error);
  });
  const tokens = await readTokens(provider, reply);
  const person = await preset.person({
    provider,
    server,
    remote,
    accessToken: tokens.access_token,
    idToken: tokens.id_token ?? null,
    code: parameters.get("code") ?? "",
    nonce: secrets.nonce,
  });
  return { person, tokens: providerTokens(tokens) };
}

/** A provider that is slow at each step would otherwise be waited for once a step. */
export async function withinDeadline<T>(
  work: Promise<T>,
  deadline: number,
  late: () => Error,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const alarm = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), deadline);
  });
  return Promise.race([work, alarm]).finally(() => clearTimeout(timer));
}

function validAnswer(server: AuthorizationServer, client: Client, answer: URLSearchParams) {
  try {
    // SQL has found the flow by it.
    const parameters = validateAuthResponse(server, client, answer, skipStateCheck);
    if (!parameters.get("code")) throw unusable();
    return parameters;
  } catch (error) {
    if (!(error instanceof AuthorizationResponseError)) throw unusable(error);
    // Its own words go nowhere: whoever wrote them, an app might show them as if they were ours.
    throw error.error === "access_denied"
      ? new AuthError("bad_oauth_callback", { message: "The sign-in was refused", status: 403 })
      : new AuthError("bad_oauth_callback", { message: "The provider refused the sign-in" });
  }
}

async function readTokens(provider: Provider, reply: Response) {
  const json: unknown = await reply.json().catch(() => null);
  // GitHub says so with the status 200.
  const { data: refusal } = z.object({ error: z.string() }).safeParse(json);
  if (refusal && clientFaults.has(refusal.error)) {
    throw misconfigured(provider, "it refuses the client id or secret");
  }
  if (reply.status >= 500) {
    throw unreachable(provider, "its token endpoint", new Error(`status ${reply.status}`));
  }
  const { data: tokens } = tokenReply.safeParse(json);
  if (refusal || reply.status !== 200 || !tokens) throw unusable();
  return tokens;
}

function providerTokens({
  access_token,
  refresh_token,
}: z.infer<typeof tokenReply>): ProviderTokens {
  return {
    provider_token: access_token,
    ...(refresh_token ? { provider_refresh_token: refresh_token } : {}),
  };
}
