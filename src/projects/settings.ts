import type { Database, Transaction } from "../database/database.ts";
import { DatabaseError } from "../database/errors.ts";
import { AuthError } from "../errors.ts";
import { asProjectOwner } from "./registry.ts";
import { parseSetting, readRules, requireSetting, type SettingRule } from "./setting_rules.ts";

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
 * @throws AuthError project_not_found, validation_failed for an unknown name, a value of another type
 * or out of range; the message lists the known names, or gives the range
 */
export async function changeSettings(
  database: Database,
  id: string,
  changes: Partial<Settings>,
): Promise<Settings> {
  return change(database, id, (rules) => {
    for (const [name, value] of Object.entries(changes ?? {})) requireSetting(rules, name, value);
    return changes;
  });
}

/**
 * {@link changeSettings} with values as an operator types them: `true`, `12`, `a text`, and commas
 * between the elements of a list.
 */
export async function assignSettings(
  database: Database,
  id: string,
  assignments: Readonly<Record<string, string>>,
): Promise<Settings> {
  return change(database, id, (rules) =>
    Object.fromEntries(
      Object.entries(assignments).map(([name, text]) => [name, parseSetting(rules, name, text)]),
    ),
  );
}

async function change(
  database: Database,
  id: string,
  decide: (rules: readonly SettingRule[]) => Partial<Settings>,
): Promise<Settings> {
  let rules: readonly SettingRule[] = [];
  try {
    return await asProjectOwner(database, id, async (tx) => {
      rules = await readRules(tx);
      return apply(tx, decide(rules));
    });
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    const rule = rules.find(({ name }) => error.constraint === `settings_${name}`);
    throw new AuthError("validation_failed", {
      message: rule
        ? `The setting ${rule.name} cannot have this value: it is ${rule.range}`
        : "A setting cannot have this value",
      cause: error,
    });
  }
}

async function apply(tx: Transaction, changes: Partial<Settings>): Promise<Settings> {
  const [row] = await tx.query<{ settings: Settings }>(
    "select change_settings($1::jsonb) as settings",
    [JSON.stringify(changes)],
  );
  return row?.settings ?? {};
}
