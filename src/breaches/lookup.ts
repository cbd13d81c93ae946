import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import { AuthError } from "../errors.ts";
import { safeFetch } from "../oauth/safe_fetch.ts";
import type { BreachCheck } from "../passwords/sign_up.ts";

/** What came of one look-up. */
export type BreachOutcome = "hit" | "clean" | "failed";

export interface BreachOptions {
  /** The range API of Have I Been Pwned by default, or a mirror, also at a private address. */
  readonly url?: string | undefined;
  readonly logger?: Logger | undefined;
  /** Told what came of each look-up. */
  readonly looked?: ((outcome: BreachOutcome) => void) | undefined;
}

const publicRanges = "https://api.pwnedpasswords.com/range/";
/** Milliseconds that a new password waits for the answer, in all. */
const deadline = 1_500;
/** Milliseconds for which a service that failed is not asked again. */
const rest = 5_000;
const life = 600_000;
/** Characters of all answers that are kept: one is some 40,000 to 80,000. */
const mostKept = 8_000_000;
/** Prefixes asked for at once: what is beyond them fails open, instead of piling up behind a slow service. */
const mostAsked = 50;
const rangeLine = /^[0-9A-F]{35}:\d{1,12}$/;

/**
 * Looks passwords up by a range API: what leaves is the first 5 of 40 digits of a SHA-1, padded
 * against who counts bytes. The answer is compared here. A service that is away, slow or wrong lets
 * every password pass, and rests.
 *
 * @throws AuthError validation_failed for a URL that is never asked
 */
export function openBreaches({ url, logger, looked }: BreachOptions = {}): BreachCheck {
  const base = rangesUrl(url);
  // Whoever names a mirror may mean one in its own network.
  const fetch = safeFetch({ allowPrivate: url !== undefined, deadline });
  let restsUntil = 0;
  let asked = 0;
  const ranges = new LRUCache<string, string>({
    max: 1_000,
    maxSize: mostKept,
    sizeCalculation: (range) => range.length,
    ttl: life,
    fetchMethod: async (prefix) => {
      if (performance.now() < restsUntil || asked >= mostAsked) throw new Error("is not asked");
      asked += 1;
      try {
        const reply = await fetch(new URL(prefix, base), { headers: { "Add-Padding": "true" } });
        return await readRange(reply);
      } catch (error) {
        startRest(error as Error);
        throw error;
      } finally {
        asked -= 1;
      }
    },
  });
  // One line for all who were waiting when it failed. Neither the path nor what was answered is told.
  function startRest({ message }: Error): void {
    const isResting = performance.now() < restsUntil;
    restsUntil = performance.now() + rest;
    if (!isResting) logger?.warn({ reason: message }, "breached passwords cannot be looked up");
  }
  async function look(password: string): Promise<BreachOutcome> {
    const digest = createHash("sha1").update(password, "utf8").digest("hex").toUpperCase();
    try {
      const range = await ranges.fetch(digest.slice(0, 5));
      if (range === undefined) return "failed";
      return isListed(range, digest.slice(5)) ? "hit" : "clean";
    } catch {
      return "failed";
    }
  }
  return async (password) => {
    const outcome = await look(password);
    looked?.(outcome);
    return outcome === "hit";
  };
}

/** @throws AuthError validation_failed */
function rangesUrl(text = publicRanges): URL {
  const slashed = text.replace(/\/*$/, "/");
  const url = URL.canParse(slashed) ? new URL(slashed) : undefined;
  const isLocal =
    url?.protocol === "http:" && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname);
  if (
    !url ||
    !(url.protocol === "https:" || isLocal) ||
    url.search ||
    url.hash ||
    url.username ||
    url.password
  ) {
    throw new AuthError("validation_failed", {
      message:
        "The address of breached passwords is an https URL without credentials, or http on this machine",
    });
  }
  return url;
}

async function readRange(reply: Response): Promise<string> {
  if (reply.status !== 200) throw new Error(`the range was answered with ${reply.status}`);
  const lines = (await reply.text()).toUpperCase().trim().split(/\r?\n/);
  if (!lines.every((line) => rangeLine.test(line))) throw new Error("the range is not one");
  return lines.join("\n");
}

// Padding is lines with a count of 0.
function isListed(range: string, suffix: string): boolean {
  const at = range.indexOf(`${suffix}:`);
  return at >= 0 && Number.parseInt(range.slice(at + suffix.length + 1), 10) > 0;
}
