import { z } from "@hono/zod-openapi";
import { parseAccept } from "hono/utils/accept";
import { AuthError } from "../errors.ts";
import type { MailWishes } from "../mail/offer.ts";
import type { MailRequest } from "../mail/request.ts";
import { redirectRules, redirectTarget, requestedRedirect } from "./redirects.ts";
import { optionalText } from "./schemas/fields.ts";
import type { HttpContext } from "./service.ts";

/** What every request that may cause a mail can say about it. */
export const mailFields = {
  redirect_to: optionalText.openapi({
    description: "Where the mail's link leads in the end; the site URL where this is not admitted",
  }),
  code_challenge: optionalText.openapi({
    description: "Base64url SHA-256 of a PKCE verifier: the link then brings a code to exchange",
  }),
  code_challenge_method: optionalText.openapi({ description: "s256" }),
};

/** The query of such a request. */
export const mailQuery = z.object({
  redirect_to: z
    .string()
    .optional()
    .openapi({ description: "As in the body, before which it goes" }),
});

type MailFields = { readonly [name in keyof typeof mailFields]?: string | null | undefined };

const mostLanguages = 5;

/** @throws AuthError validation_failed for a PKCE challenge that is none */
export function readMailRequest(c: HttpContext, body: MailFields): MailRequest {
  const { project, client } = c.var;
  const { functions, box } = project;
  return { functions, box, client, wishes: readWishes(c, body) };
}

/** @throws AuthError validation_failed */
export function readWishes(c: HttpContext, body: MailFields): MailWishes {
  return {
    redirectTo: redirectTarget(redirectRules(c), requestedRedirect(c, body)),
    languages: readLanguages(c),
    codeChallenge: readChallenge(body),
  };
}

/** The languages that a browser prefers, the best first. */
export function readLanguages(c: HttpContext): string[] {
  return parseAccept(c.req.header("Accept-Language") ?? "")
    .map(({ type }) => type)
    .filter((language) => /^[a-z]{1,8}(-[a-z0-9]{1,8})*$/i.test(language))
    .slice(0, mostLanguages);
}

/**
 * The PKCE challenge of a request, or null. S256 alone (RFC 7636 section 4.2): with `plain`, whoever
 * reads the request has the verifier.
 *
 * @throws AuthError validation_failed for one that is none
 */
export function readChallenge(body: MailFields): string | null {
  const { code_challenge: challenge, code_challenge_method: method } = body;
  if (!challenge && !method) return null;
  if (!challenge || !method) {
    throw invalid("code_challenge and code_challenge_method come together");
  }
  if (method.toLowerCase() !== "s256") throw invalid("code_challenge_method must be s256");
  if (!/^[A-Za-z0-9_-]{43}$/.test(challenge)) {
    throw invalid("code_challenge must be a SHA-256 in base64url");
  }
  return challenge;
}

function invalid(message: string): AuthError {
  return new AuthError("validation_failed", { message });
}
