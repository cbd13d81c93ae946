import type { ProvedIdentity } from "../database/results.ts";
import { unusable } from "./failures.ts";
import type { Person } from "./preset.ts";
import type { Provider } from "./provider.ts";

// Characters; what a provider says of somebody travels in every reply that holds the user.
const longestText = 240;
const longestSubject = 255;

/**
 * What SQL is told of a person. An address is passed on when the provider has verified it, and in the
 * one spelling there is.
 *
 * @param canonicalEmail see `src/emails/canonical.ts`
 * @throws AuthError bad_oauth_callback for a subject that cannot be one
 */
export function provedIdentity(
  provider: Provider,
  person: Person,
  canonicalEmail: (text: string) => string | null,
): ProvedIdentity {
  const { issuer, subject, email, isEmailVerified, profile } = person;
  if (!/^[\x20-\x7e]+$/.test(subject) || subject.length > longestSubject) throw unusable();
  const canonical = email === null ? null : canonicalEmail(email);
  const name = shown(profile.name);
  const picture = shown(profile.picture);
  const data = {
    iss: issuer,
    sub: subject,
    provider_id: subject,
    email: canonical,
    email_verified: canonical !== null && isEmailVerified,
    phone_verified: false,
    name,
    full_name: name,
    preferred_username: shown(profile.userName),
    user_name: shown(profile.userName),
    picture,
    avatar_url: picture,
  };
  return {
    provider: provider.name,
    issuer,
    subject,
    email: isEmailVerified ? canonical : null,
    data: Object.fromEntries(Object.entries(data).filter(([, value]) => value !== null)),
  };
}

// What Postgres cannot store, or a reader might take for something else, is left out.
function shown(text: string | null): string | null {
  const clean = text
    ?.toWellFormed()
    .replaceAll(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/gu, "")
    .trim();
  if (!clean) return null;
  return clean.length <= longestText ? clean : null;
}
