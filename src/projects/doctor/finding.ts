/** One thing that was looked at. */
export interface Finding {
  readonly check: string;
  readonly status: "ok" | "warn" | "fail";
  readonly message: string;
  /** What to do about it. */
  readonly remedy?: string;
}

export function ok(check: string, message: string): Finding {
  return { check, status: "ok", message };
}

export function warn(check: string, message: string, remedy?: string): Finding {
  return { check, status: "warn", message, ...(remedy ? { remedy } : {}) };
}

export function fail(check: string, message: string, remedy: string): Finding {
  return { check, status: "fail", message, remedy };
}
