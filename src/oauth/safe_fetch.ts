import type { LookupAddress, LookupAllOptions } from "node:dns";
import { lookup } from "node:dns/promises";
import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { withDeadline } from "../deadline.ts";
import { isPublicAddress } from "./public_address.ts";

/** How providers may be reached. */
export interface FetchRules {
  /** Admits addresses that are not public, and plain HTTP on this machine. */
  readonly allowPrivate: boolean;
  /** Milliseconds for the whole of an exchange, from the name's look-up to the last byte. */
  readonly deadline: number;
  /** The system's resolver, unless a test has another. */
  readonly resolve?: Resolver;
}

type Resolver = (hostname: string, options: LookupAllOptions) => Promise<LookupAddress[]>;

export type SafeFetch = (url: string | URL, init?: SafeInit) => Promise<Response>;

export interface SafeInit {
  readonly method?: string;
  readonly headers?: Record<string, string> | Headers;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

/** Bytes of an answer's body. */
const largest = 512 * 1024;
const loopbackHosts = new Set(["localhost", "127.0.0.1", "[::1]"]);
const withoutBody = new Set([204, 205, 304]);

/**
 * A fetch for URLs that somebody else may have chosen. The address is judged when the connection is
 * made, so that no name can resolve to one address when it is looked at and to another when it is
 * used; no redirect is followed, no compressed body taken, and neither proxy nor cookie used.
 */
export function safeFetch(rules: FetchRules): SafeFetch {
  return async (input, init = {}) => {
    const url = new URL(input);
    requireAdmitted(url, rules);
    return withDeadline(rules.deadline, init.signal ? [init.signal] : [], (signal) =>
      exchange(url, init, signal, rules),
    );
  };
}

/** @throws Error for a URL that is never fetched, and to which no browser is sent */
export function requireAdmitted(url: URL, { allowPrivate }: Pick<FetchRules, "allowPrivate">) {
  const isLocal = allowPrivate && url.protocol === "http:" && loopbackHosts.has(url.hostname);
  if (url.protocol !== "https:" && !isLocal) throw refused(url, "is not https");
  if (url.username || url.password) throw refused(url, "holds credentials");
  const literal = url.hostname.replace(/^\[|\]$/g, "");
  if (!allowPrivate && isIP(literal) && !isPublicAddress(literal)) {
    throw refused(url, "is at a private address");
  }
}

async function exchange(
  url: URL,
  init: SafeInit,
  signal: AbortSignal,
  rules: FetchRules,
): Promise<Response> {
  const incoming = await send(url, init, signal, rules);
  const { statusCode: status = 0, headers } = incoming;
  if (status < 200 || status > 599) throw refused(url, `answers with the status ${status}`);
  const body = await readBody(url, incoming);
  const type = headers["content-type"];
  return new Response(withoutBody.has(status) ? null : body, {
    status,
    headers: type === undefined ? {} : { "Content-Type": type },
  });
}

function send(
  url: URL,
  init: SafeInit,
  signal: AbortSignal,
  rules: FetchRules,
): Promise<IncomingMessage> {
  const { request } = url.protocol === "http:" ? http : https;
  const body = init.body === undefined || init.body === null ? null : String(init.body);
  const options = {
    method: init.method ?? "GET",
    headers: {
      ...Object.fromEntries(new Headers(init.headers)),
      "accept-encoding": "identity",
      ...(body === null ? {} : { "content-length": String(Buffer.byteLength(body)) }),
    },
    signal,
    agent: false,
    maxHeaderSize: 16_384,
    ...(rules.allowPrivate ? {} : { lookup: publicLookup(url, rules.resolve ?? lookup) }),
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(url, options, resolve);
    outgoing.once("error", reject);
    outgoing.end(body ?? undefined);
  });
}

// All addresses must be public: of two, a resolver may give either first.
function publicLookup(url: URL, resolve: Resolver): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }).then(
      (found) => {
        const [first] = found;
        if (!first || !found.every(({ address }) => isPublicAddress(address))) {
          callback(refused(url, "is at a private address"), "", 0);
        } else if (options.all) callback(null, found);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, "", 0),
    );
  };
}

async function readBody(url: URL, incoming: IncomingMessage): Promise<Buffer<ArrayBuffer>> {
  const { headers } = incoming;
  const encoding = headers["content-encoding"] ?? "identity";
  const isTooLong = Number(headers["content-length"] ?? 0) > largest;
  if (encoding !== "identity" || isTooLong) {
    incoming.destroy();
    throw refused(url, isTooLong ? "answers with too much" : "answers compressed");
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    // Leaving the loop destroys the stream, and with it the connection.
    if (length > largest) throw refused(url, "answers with too much");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function refused({ origin }: URL, why: string): Error {
  return new Error(`${origin} ${why}`);
}
