import type { Database } from "../database/database.ts";
import { DatabaseError } from "../database/errors.ts";
import { AuthError } from "../errors.ts";
import { asProjectOwner } from "./registry.ts";

/** The settings of a project, by name; `comment on table settings` gives units and ranges. */
export type Settings = Record<string, string | number | boolean | readonly string[]>;

/** @throws AuthError project_not_found */
export async function readSettings(database: Database, id: string): Promise<Settings> {
  return asProjectOwner(database, id, async (tx) => {
    const [row] = await tx.query<{ settings: Settings }>("select read_settings() as settings");
    return row?.settings ?? {};
  });
}

/**
 * Changes some settings and returns all. Running servers see the change within five seconds.
 *
 * @throws AuthError project_not_found, validation_failed for an unknown name or a value out of range
 */
export async function changeSettings(
  database: Database,
  id: string,
  changes: Partial<Settings>,
): Promise<Settings> {
  try {
    return await asProjectOwner(database, id, async (tx) => {
      const [row] = await tx.query<{ settings: Settings }>(
        "select change_settings($1::jsonb) as settings",
        [JSON.stringify(changes)],
      );
      return row?.settings ?? {};
    });
  } catch (error) {
    if (!(error instanceof DatabaseError) || !isUnfitValue(error)) throw error;
    const name = error.constraint?.replace(/^settings_/, "");
    throw new AuthError("validation_failed", {
      message: name
        ? `The setting ${name} cannot have this value`
        : "A setting cannot have this value",
      cause: error,
    });
  }
}

// A value of the wrong type or out of range: the classes of data errors and of broken constraints.
function isUnfitValue({ sqlstate }: DatabaseError): boolean {
  return /^2[23]/.test(sqlstate ?? "");
}
