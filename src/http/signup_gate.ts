import { RateLimiterMemory } from "rate-limiter-flexible";
import { AuthError } from "../errors.ts";

/** Stands before the hasher: a sign-up is hashed before SQL sees it, so a flood must end here. */
export interface SignupGate {
  /** @throws AuthError over_request_rate_limit */
  pass(projectId: string, address: string | null, limit: number): Promise<void>;
}

const windowSeconds = 300;

/** Counts sign-ups by project and address in this process; SQL counts for all processes. */
export function signupGate(): SignupGate {
  // The limit is the project's, so the counter itself has none.
  const counter = new RateLimiterMemory({
    points: Number.MAX_SAFE_INTEGER,
    duration: windowSeconds,
  });
  return {
    async pass(projectId, address, limit) {
      if (address === null || limit === 0) return;
      const state = await counter.consume(`${projectId} ${addressBucket(address)}`);
      if (state.consumedPoints > limit) {
        const retryAfter = Math.max(1, Math.ceil(state.msBeforeNext / 1000));
        throw new AuthError("over_request_rate_limit", { retryAfter });
      }
    },
  };
}

// An IPv6 caller is its /64, as in SQL: the four first groups, with `::` spelled out.
function addressBucket(address: string): string {
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail ? tail.split(":") : [];
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...Array.from({ length: zeros }, () => "0"), ...right].slice(0, 4).join(":");
}
