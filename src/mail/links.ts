import type { MailPurpose } from "./purposes.ts";

/** Both sides of a change of address are proved by one type of link. */
const linkTypes: Partial<Record<MailPurpose, string>> = { email_change_current: "email_change" };

/**
 * The link of a mail. `redirect_to` stands as it is unless that could be misread: clients look for it
 * verbatim.
 *
 * @param authUrl the project's AUTH_URL, from configuration and never from a request
 * @param redirectTo already admitted by the project's list
 */
export function verifyLink(
  authUrl: string,
  purpose: MailPurpose,
  { token, redirectTo }: { token: string; redirectTo: string | null },
): string {
  const link = `${authUrl}/verify?token=${encodeURIComponent(token)}&type=${linkTypes[purpose] ?? purpose}`;
  return redirectTo === null ? link : `${link}&redirect_to=${asParameter(redirectTo)}`;
}

/**
 * Where somebody who has an account goes on: the project's pages, or its site where they are off; null
 * where there is neither.
 */
export function accountLinks(
  authUrl: string,
  { pages_enabled, site_url }: { pages_enabled: boolean; site_url: string },
): { sign_in: string | null; reset: string | null } {
  if (pages_enabled) return { sign_in: `${authUrl}/sign-in`, reset: `${authUrl}/forgot-password` };
  const site = site_url === "" ? null : site_url;
  return { sign_in: site, reset: site };
}

function asParameter(url: string): string {
  return /^[A-Za-z0-9\-._~:/?@!$'()*+,;%[\]]*$/.test(url) ? url : encodeURIComponent(url);
}
