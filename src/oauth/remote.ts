import { SpanKind } from "@opentelemetry/api";
import { createRemoteJWKSet, customFetch } from "jose";
import { LRUCache } from "lru-cache";
import type { AuthorizationServer } from "oauth4webapi";
import { inSpan } from "../telemetry/spans.ts";
import { discoverServer } from "./discovery.ts";
import { requireAdmitted, type SafeFetch, safeFetch } from "./safe_fetch.ts";

export interface RemoteOptions {
  /** Admits providers at private addresses, and plain HTTP on this machine; not by default. */
  readonly allowPrivate?: boolean;
  /** Milliseconds that a request waits for a provider, in all; 5,000 by default. */
  readonly deadline?: number;
}

/** The keys at a URL, to verify by and, once fetched, to look at. */
export type RemoteKeys = ReturnType<typeof createRemoteJWKSet>;

/** What this service knows of providers' servers, and how it asks them. */
export interface Remote {
  readonly fetch: SafeFetch;
  /** Milliseconds that anybody waits for a provider, however many exchanges that takes. */
  readonly deadline: number;
  /** @throws Error for a URL to which nobody is sent */
  requireAdmitted(url: string): void;
  /**
   * The metadata that a server publishes of itself; asked for once by all who need it, and again
   * after an hour. While the server is away, what it said goes on being used.
   *
   * @param name what the document must call itself, to the letter; the issuer unless it is said
   */
  discover(issuer: string, name?: string): Promise<AuthorizationServer>;
  /**
   * The keys at a URL: fetched once by all who need them, and again for a key that is not there, at
   * most each 30 seconds.
   */
  keys(url: string): RemoteKeys;
}

const hour = 3_600_000;
const cooldown = 30_000;
/** Milliseconds for which a server that failed is not asked again. */
const rest = 5_000;
const mostServers = 1_000;

export function openRemote({ allowPrivate = false, deadline = 5_000 }: RemoteOptions = {}): Remote {
  const rules = { allowPrivate, deadline };
  const fetch = inSpans(safeFetch(rules));
  const admit = (url: string) => requireAdmitted(new URL(url), rules);
  const failures = new LRUCache<string, Error>({ max: mostServers, ttl: rest });
  // Whoever may ask at all could otherwise have a server that is broken asked without end.
  async function unlessFailing<T>(what: string, ask: () => Promise<T>): Promise<T> {
    const failure = failures.get(what);
    if (failure) throw failure;
    try {
      return await ask();
    } catch (error) {
      failures.set(what, error as Error);
      throw error;
    }
  }
  const servers = new LRUCache<string, AuthorizationServer, { readonly name: string }>({
    max: mostServers,
    ttl: hour,
    fetchMethod: async (issuer, known, { context: { name }, options }) => {
      try {
        return await unlessFailing(`${issuer} ${name}`, () =>
          discoverServer(issuer, name, { fetch, requireAdmitted: admit }),
        );
      } catch (error) {
        if (!known) throw error;
        options.ttl = cooldown;
        return known;
      }
    },
  });
  const keySets = new LRUCache<string, RemoteKeys>({ max: mostServers });
  return {
    fetch,
    deadline,
    requireAdmitted: admit,
    discover: async (issuer, name = issuer) => {
      const server = await servers.fetch(issuer, { context: { name } });
      if (!server) throw new Error("the server was forgotten while it was asked");
      return server;
    },
    keys(url) {
      let keys = keySets.get(url);
      if (!keys) {
        keys = createRemoteJWKSet(new URL(url), {
          timeoutDuration: deadline,
          cooldownDuration: cooldown,
          cacheMaxAge: hour,
          [customFetch]: (target, { headers, signal }) =>
            unlessFailing(url, () => readable(fetch(target, { headers, signal }))),
        });
        keySets.set(url, keys);
      }
      return keys;
    },
  };
}

async function readable(answer: Promise<Response>): Promise<Response> {
  const reply = await answer;
  if (reply.status !== 200) throw new Error(`the keys were answered with ${reply.status}`);
  return reply;
}

// A path or a query may hold a code: the host is told alone.
function inSpans(fetch: SafeFetch): SafeFetch {
  return async (url, init = {}) => {
    const attributes = {
      "http.request.method": init.method ?? "GET",
      "server.address": new URL(url).hostname,
    };
    return inSpan("fetch provider", attributes, () => fetch(url, init), SpanKind.CLIENT);
  };
}
