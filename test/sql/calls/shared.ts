import { expect } from "vitest";
import type { Query } from "../../support/project.ts";

export const passwordHash = `$2a$10$${"abcdefghijklmnopqrstuu"}${"x".repeat(31)}`;

/** From where the calls of these tests come. */
export const client = { address: "203.0.113.9", userAgent: "test" };

export async function asOwner(query: Query, schema: string): Promise<void> {
  await query("reset role");
  const [row] = await query<{ owner: string }>(
    "select nspowner::regrole::text as owner from pg_namespace where nspname = $1",
    [schema],
  );
  await query(`set local search_path = ${schema}, pg_temp`);
  await query(`set local role ${row?.owner}`);
}

/** The helpers look at the payload and its MAC, never at the outer signature. */

/** What a function returned, when it refused nothing. */
export function accepted<T>(result: { outcome: string | null }): T {
  expect(result).toMatchObject({ outcome: null });
  return result as T;
}
