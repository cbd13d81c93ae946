import type { Argument } from "./database.ts";

export function text(value: string | null): Argument {
  return { type: "text", value };
}

export function uuid(value: string | null): Argument {
  return { type: "uuid", value };
}

export function inet(value: string | null): Argument {
  return { type: "inet", value };
}

export function boolean(value: boolean): Argument {
  return { type: "boolean", value };
}

export function bytea(value: Uint8Array | null): Argument {
  return { type: "bytea", value };
}

export function jsonb(value: object | null): Argument {
  return { type: "jsonb", value: value === null ? null : JSON.stringify(value) };
}

export function integer(value: number): Argument {
  return { type: "integer", value: String(value) };
}

/** As text: it may be more than a number of JavaScript holds. */
export function bigint(value: string): Argument {
  return { type: "bigint", value };
}
