import {
  canonicalWebUrl,
  isAppUrl,
  isSiteUrl,
  parseRedirectRule,
  type WebRule,
} from "../projects/redirect_rule.ts";
import type { HttpContext } from "./service.ts";

/** Where a project lets its links and pages lead. */
export interface RedirectRules {
  /** Empty where the project has none. */
  readonly siteUrl: string;
  readonly redirectUrls: readonly string[];
}

const loopbackHosts = new Set(["localhost", "127.0.0.1", "[::1]"]);
const loopbackUrls = ["http", "https"].flatMap((scheme) =>
  [...loopbackHosts].map((host) => `${scheme}://${host}/**`),
);

/** The rules of the request's project; in development, pages on the developer's own machine too. */
export function redirectRules(c: HttpContext): RedirectRules {
  const { service, project } = c.var;
  const { site_url: siteUrl, redirect_urls: listed } = project.configuration;
  return {
    siteUrl,
    redirectUrls: service.allowsLoopbackOrigins ? [...listed, ...loopbackUrls] : listed,
  };
}

/**
 * Where a request asks to be led: the query's `redirect_to`, else the body's. No header is read, and
 * so no Referer: a page that may be anywhere has no say. Nothing is admitted by that yet.
 */
export function requestedRedirect(
  c: HttpContext,
  body: { readonly redirect_to?: string | null | undefined } = {},
): string | null {
  return c.req.query("redirect_to") || body.redirect_to || null;
}

/**
 * The candidate without its fragment, when the project admits it: a page of the site URL's own
 * origin, or what an entry of `redirect_urls` names; otherwise null, never an error. URLs are
 * compared part by part after parsing; a candidate that is not written as browsers write it is not
 * admitted. The grammar is in `docs/redirects.md`.
 *
 * @example
 * ```ts
 * const rules = { siteUrl: "https://ok.com", redirectUrls: ["https://*.ok.com/callback"] };
 * admittedRedirect(rules, "https://ok.com/any/page"); // as it is
 * admittedRedirect(rules, "https://app.ok.com/callback?x=1"); // as it is
 * admittedRedirect(rules, "https://ok.com.evil.com"); // null
 * ```
 */
export function admittedRedirect(
  { siteUrl, redirectUrls }: RedirectRules,
  candidate: string | null | undefined,
): string | null {
  if (!candidate) return null;
  const [text = ""] = candidate.split("#", 1);
  const url = canonicalWebUrl(text);
  if (!url) return isAppUrl(text) && [siteUrl, ...redirectUrls].includes(text) ? text : null;
  const site = isSiteUrl(siteUrl) ? canonicalWebUrl(siteUrl) : null;
  if (site && isSameOrigin(site, url)) return text;
  const isAdmitted = redirectUrls.some((entry) => {
    const rule = parseRedirectRule(entry);
    return rule?.kind === "web" && admits(rule, url);
  });
  return isAdmitted ? text : null;
}

/** The admitted candidate, else the site URL, else null: there is nowhere to go. */
export function redirectTarget(
  rules: RedirectRules,
  candidate: string | null | undefined,
): string | null {
  const { siteUrl } = rules;
  return admittedRedirect(rules, candidate) ?? (siteUrl && isSiteUrl(siteUrl) ? siteUrl : null);
}

function isSameOrigin(site: URL, url: URL): boolean {
  const { protocol, hostname, port } = site;
  return url.protocol === protocol && url.hostname === hostname && isPort(port, url);
}

function admits({ scheme, host, port, path, query }: WebRule, url: URL): boolean {
  return (
    url.protocol === scheme &&
    isHost(host, url.hostname) &&
    isPort(port, url) &&
    isPath(path, url.pathname.slice(1).split("/")) &&
    (query === null || url.search === query)
  );
}

// An app on the person's own machine takes whichever port is free (RFC 8252 section 7.3).
function isPort(port: string, { hostname, port: asked }: URL): boolean {
  return asked === port || loopbackHosts.has(hostname);
}

function isHost(pattern: string, host: string): boolean {
  if (!pattern.startsWith("*.")) return host === pattern;
  const domain = pattern.slice(1);
  return host.endsWith(domain) && /^[a-z0-9_-]+$/.test(host.slice(0, -domain.length));
}

function isPath(pattern: readonly string[], path: readonly string[]): boolean {
  const rest = pattern.indexOf("**");
  if (rest === -1) return pattern.length === path.length && areSegments(pattern, path);
  const before = pattern.slice(0, rest);
  const after = pattern.slice(rest + 1);
  if (path.length < before.length + after.length) return false;
  return areSegments(before, path) && areSegments(after, path.slice(path.length - after.length));
}

function areSegments(pattern: readonly string[], path: readonly string[]): boolean {
  return pattern.every((segment, index) => isSegment(segment, path[index] ?? ""));
}

function isSegment(pattern: string, text: string): boolean {
  const [start = "", end] = pattern.split("*");
  if (end === undefined) return text === pattern;
  return text.length >= start.length + end.length && text.startsWith(start) && text.endsWith(end);
}
