import type { Database } from "../database/database.ts";
import { AuthError } from "../errors.ts";
import type { MailWording } from "../mail/message.ts";
import type { OwnTemplate } from "../mail/templates/template.ts";
import { asProjectOwner } from "./registry.ts";

/** @throws AuthError project_not_found */
export function readMailWording(database: Database, id: string): Promise<MailWording> {
  return asProjectOwner(database, id, async (tx) => {
    const [row] = await tx.query<{ value: MailWording }>("select mail_configuration() as value");
    if (!row) throw new RangeError("mail_configuration() returned no row");
    return row.value;
  });
}

/**
 * Puts templates in place of the release's, or of earlier ones of the same purpose and language; others
 * stay. Running servers follow within five seconds.
 *
 * @param templates as `readTemplates` checked them
 * @throws AuthError project_not_found, validation_failed when they are more than two million characters
 * together
 */
export async function setMailTemplates(
  database: Database,
  id: string,
  templates: readonly OwnTemplate[],
): Promise<void> {
  try {
    await asProjectOwner(database, id, (tx) =>
      tx.query("select set_mail_templates($1::jsonb)", [JSON.stringify(templates)]),
    );
  } catch (cause) {
    if (!(cause instanceof AuthError) || cause.code !== "validation_failed") throw cause;
    throw new AuthError("validation_failed", {
      message: "The templates of a project have at most two million characters together",
      cause,
    });
  }
}

/**
 * Goes back to the release's words for a purpose, in one language or all. Returns what was taken away.
 *
 * @throws AuthError project_not_found
 */
export async function removeMailTemplates(
  database: Database,
  id: string,
  purpose: string,
  language?: string,
): Promise<{ purpose: string; language: string }[]> {
  const [row] = await asProjectOwner(database, id, (tx) =>
    tx.query<{ value: { purpose: string; language: string }[] }>(
      "select remove_mail_templates($1::text, $2::text) as value",
      [purpose, language ?? null],
    ),
  );
  return row?.value ?? [];
}
