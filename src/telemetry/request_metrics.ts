import { Counter, Histogram, type Registry } from "prom-client";

/** A request that was answered, in words of which there are few: nothing that it said itself. */
export interface AnsweredRequest {
  readonly route: string;
  readonly method: string;
  readonly status: number;
  /** What it was refused with; empty where it was not. */
  readonly code: string;
  /** How somebody tried to sign in by it, if so. */
  readonly signIn: string | undefined;
  readonly seconds: number;
}

/** Counts requests, and what they tell of sign-ins and throttles. */
export function requestMetrics(registry: Registry): (request: AnsweredRequest) => void {
  const registers = [registry];
  const requests = new Counter({
    name: "miosa_auth_requests_total",
    help: "Requests answered, by route template, method, class of status and error code",
    labelNames: ["route", "method", "status", "code"],
    registers,
  });
  const durations = new Histogram({
    name: "miosa_auth_request_duration_seconds",
    help: "Time from a request to its answer",
    labelNames: ["route", "method"],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers,
  });
  const signIns = new Counter({
    name: "miosa_auth_sign_ins_total",
    help: "Tries to sign in, by how, and ok or the error code",
    labelNames: ["by", "outcome"],
    registers,
  });
  const throttled = new Counter({
    name: "miosa_auth_throttled_total",
    help: "Requests answered with 429, by error code",
    labelNames: ["code"],
    registers,
  });

  return ({ route, method, status, code, signIn, seconds }) => {
    requests.inc({ route, method, status: `${Math.floor(status / 100)}xx`, code });
    durations.observe({ route, method }, seconds);
    if (signIn) signIns.inc({ by: signIn, outcome: code || (status < 400 ? "ok" : "refused") });
    if (status === 429) throttled.inc({ code });
  };
}
