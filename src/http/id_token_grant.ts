import { createHash } from "node:crypto";
import type { ProvedIdentity } from "../database/functions.ts";
import { accepted } from "../database/outcomes.ts";
import { canonicalEmail } from "../emails/canonical.ts";
import { AuthError } from "../errors.ts";
import { withinDeadline } from "../oauth/exchange.ts";
import { unreachable } from "../oauth/failures.ts";
import { type IdTokenRules, verifyIdToken } from "../oauth/id_token.ts";
import { personOfClaims } from "../oauth/oidc_preset.ts";
import { provedIdentity } from "../oauth/proved_identity.ts";
import { listOption } from "../oauth/provider.ts";
import { newRefreshToken } from "../tokens/refresh_token.ts";
import { issueSession, type SessionReply } from "../tokens/session_reply.ts";
import { logRefusedAnswer } from "./answer_log.ts";
import { bearerStatuses, requireCaller } from "./bearer.ts";
import { findProvider, type ReachableProvider } from "./oauth_provider.ts";
import type { HttpContext } from "./service.ts";

/** What an app brings that signed somebody in with a provider's own kit. */
export interface IdTokenBody {
  readonly id_token?: string | null | undefined;
  readonly provider?: string | null | undefined;
  readonly client_id?: string | null | undefined;
  readonly issuer?: string | null | undefined;
  readonly access_token?: string | null | undefined;
  readonly nonce?: string | null | undefined;
  readonly link_identity?: boolean | null | undefined;
}

type Trusted = ReachableProvider & { readonly rules: IdTokenRules };

const googleIssuer = "https://accounts.google.com";

/**
 * Signs in, or links, by an ID token. Its issuer is the provider's that the app names, as it is
 * configured: the token's own word for it chooses nothing.
 *
 * @throws AuthError provider_disabled, bad_oauth_callback, validation_failed; manual_linking_disabled
 * and about the caller of one who links
 */
export async function grantIdToken(c: HttpContext, body: IdTokenBody): Promise<SessionReply> {
  const { functions, issuer, configuration } = c.get("project");
  if (!body.link_identity) c.set("signIn", "id_token");
  const caller = body.link_identity ? await requireCaller(c) : null;
  if (caller && !configuration.manual_linking) throw new AuthError("manual_linking_disabled");
  const identity = await readIdentity(c, body).catch((error: unknown) => {
    throw inOAuthStyle(error);
  });
  const token = newRefreshToken();
  const entrance = { identity, refreshHash: token.hash, code: null, client: c.get("client") };
  const { claims, user } = accepted(
    caller
      ? await functions.linkIdentity({ ...entrance, caller })
      : await functions.signInWithIdentity(entrance),
    caller ? bearerStatuses : {},
  );
  if (!claims || !user) throw new AuthError("unexpected_failure");
  return issueSession(issuer, { claims, user }, token);
}

async function readIdentity(c: HttpContext, body: IdTokenBody): Promise<ProvedIdentity> {
  const { id_token: idToken, nonce: given, access_token: accessToken } = body;
  if (!idToken) throw invalid("id_token required");
  if (!body.provider && !(body.client_id && body.issuer)) {
    throw invalid("provider or client_id and issuer required");
  }
  const { preset, provider, remote, rules } = await trustedProvider(c, body);
  const nonce = given || null;
  const verified = async () =>
    verifyIdToken(
      idToken,
      { provider, rules, remote, server: await preset.server(provider, remote) },
      {
        audiences: listOption(provider, "audiences"),
        nonce,
        mayHashNonce: true,
        accessToken: accessToken ?? null,
      },
    );
  const claims = await withinDeadline(verified(), remote.deadline, () =>
    unreachable(provider, "all it was asked", new Error("no answer in time")),
  ).catch((error: unknown) => {
    logRefusedAnswer(c, provider, error);
    throw error;
  });
  const person = personOfClaims(provider, rules, claims);
  const identity = provedIdentity(provider, person, canonicalEmail);
  return {
    ...identity,
    is_direct: true,
    ...(nonce === null ? {} : { nonce_hashes: nonceHashes(claims.iss, [nonce, claims.nonce]) }),
  };
}

async function trustedProvider(c: HttpContext, body: IdTokenBody): Promise<Trusted> {
  const named = body.provider
    ? [body.provider]
    : c.get("project").configuration.providers.map(({ name }) => name);
  const found = await Promise.all(named.map((name) => findProvider(c, name)));
  const trusted = found.flatMap((reachable) => {
    const rules = reachable?.preset.idTokens;
    return reachable && rules ? [{ ...reachable, rules }] : [];
  });
  const fitting = trusted.find((one) => body.provider || isAsked(one, body));
  if (fitting) return fitting;
  const issuer = body.issuer ?? (body.provider === "google" ? googleIssuer : null);
  throw new AuthError("provider_disabled", {
    message: issuer
      ? `Provider (issuer "${issuer}") is not enabled`
      : "Unsupported provider: provider is not enabled",
  });
}

function isAsked({ provider, rules }: Trusted, { client_id: clientId, issuer }: IdTokenBody) {
  const clients = [provider.clientId, ...listOption(provider, "audiences")];
  return rules.issuer(provider) === issuer && clientId && clients.includes(clientId);
}

// Signed may be the nonce or its hash: who has the token alone could bring what is signed as the nonce.
function nonceHashes(issuer: string, nonces: readonly unknown[]): string[] {
  const hashes = nonces.map((nonce) =>
    createHash("sha256")
      .update(JSON.stringify([issuer, nonce]))
      .digest("hex"),
  );
  return [...new Set(hashes)];
}

function invalid(message: string): AuthError {
  return new AuthError("validation_failed", { message });
}

// Clients of GoTrue read RFC 6749's names of errors here, beside the house's.
function inOAuthStyle(error: unknown): unknown {
  if (!(error instanceof AuthError) || error.status !== 400) return error;
  if (error.code === "provider_disabled") return error;
  const message = error.code === "bad_oauth_callback" ? "Bad ID token" : error.message;
  return new AuthError(error.code, { message, oauthError: "invalid_request", cause: error.cause });
}
