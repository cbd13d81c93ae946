/** One entry of `redirect_urls`, read; `docs/redirects.md` has the grammar. */
export type RedirectRule = WebRule | ExactRule;

/** An entry of http or https, compared part by part. */
export interface WebRule {
  readonly kind: "web";
  readonly scheme: string;
  /** `app.example`, or `*.app.example`, where the star is one label. */
  readonly host: string;
  /** As the URL has it: empty for the scheme's own. */
  readonly port: string;
  /** Segments of the path: a text with at most one `*`, or `**` for any number of them, once. */
  readonly path: readonly string[];
  /** With its question mark; null where any query is admitted. */
  readonly query: string | null;
}

/** An entry of a scheme of an app's own: the whole text or nothing. */
export interface ExactRule {
  readonly kind: "exact";
  readonly url: string;
}

const longestUrl = 2048;
const printable = /^[\x21-\x5b\x5d-\x7e]+$/;
const webUrl = /^https?:\/\/[^/?#]/;
const webHost = /^([a-z0-9._-]+|\[[0-9a-f:]+\])$/;
const appUrl = /^([a-z][a-z0-9+.-]*):\/[^#]*$/;
// What a browser runs, opens or writes to by itself, whoever asks it.
const neverSchemes = new Set(
  `about blob chrome cid data edge file filesystem ftp http https intent jar javascript livescript
  mailto mid ms-appx res resource sms tel vbscript view-source ws wss`.split(/\s+/),
);
// Some servers read an encoded separator or NUL in a path as the character itself.
const encodedSeparator = /%(2f|5c|00)/i;

/**
 * Reads a text as a web URL, when it is written as browsers write it: then no reader can take it for
 * the URL of another origin.
 */
export function canonicalWebUrl(text: string): URL | null {
  if (!isPlain(text) || !webUrl.test(text) || !URL.canParse(text)) return null;
  const url = new URL(text);
  const rest = text.slice(url.origin.length);
  const isCanonical = text.startsWith(url.origin) && /^([/?#]|$)/.test(rest);
  if (!isCanonical || !webHost.test(url.hostname)) return null;
  return encodedSeparator.test(url.pathname) ? null : url;
}

/** Whether a text is a URL of an app's own scheme, such as `com.example.app:/callback`. */
export function isAppUrl(text: string): boolean {
  const scheme = isPlain(text) ? appUrl.exec(text)?.[1] : undefined;
  return scheme !== undefined && !neverSchemes.has(scheme);
}

/** Reads an entry; null for what is none, which admits nothing. */
export function parseRedirectRule(entry: string): RedirectRule | null {
  if (entry.includes("#")) return null;
  if (!webUrl.test(entry)) {
    return isAppUrl(entry) && !entry.includes("*") ? { kind: "exact", url: entry } : null;
  }
  // A star is no host to a URL, so a label stands in for it while the rest is read.
  const isWildcard = /^https?:\/\/\*\./.test(entry);
  const url = canonicalWebUrl(isWildcard ? entry.replace("*.", "x.") : entry);
  if (!url || (isWildcard && !hasTwoNames(url.hostname.slice(2)))) return null;
  const path = url.pathname.slice(1).split("/");
  if (!isPathPattern(path) || url.search.includes("*")) return null;
  return {
    kind: "web",
    scheme: url.protocol,
    host: isWildcard ? url.hostname.replace("x.", "*.") : url.hostname,
    port: url.port,
    path,
    query: url.search || null,
  };
}

/** Whether a text can be a project's `site_url`: none, a web URL, or one of an app's own scheme. */
export function isSiteUrl(text: string): boolean {
  if (text === "") return true;
  return !/[*#]/.test(text) && (canonicalWebUrl(text) !== null || isAppUrl(text));
}

function isPlain(text: string): boolean {
  return text.length <= longestUrl && printable.test(text);
}

// `*.com` is everybody, and so is a star before the numbers of an address.
function hasTwoNames(domain: string): boolean {
  return /^[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z][a-z0-9-]*$/.test(domain);
}

function isPathPattern(segments: readonly string[]): boolean {
  const rests = segments.filter((segment) => segment === "**");
  const others = segments.filter((segment) => segment !== "**");
  return rests.length <= 1 && others.every((segment) => /^[^*]*\*?[^*]*$/.test(segment));
}
