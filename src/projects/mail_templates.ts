import type { Database, Transaction } from "../database/database.ts";
import { AuthError } from "../errors.ts";
import type { MailWording } from "../mail/message.ts";
import type { OwnTemplate } from "../mail/templates/template.ts";
import { asProjectOwner } from "./registry.ts";

// Servers read all of a project's templates every few seconds.
const mostCharacters = 2_000_000;

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
  await asProjectOwner(database, id, async (tx) => {
    await tx.query(
      `insert into mail_templates (purpose, language, subject, html, text)
      select purpose, language, subject, html, text
      from jsonb_to_recordset($1::jsonb) as given (purpose text, language text, subject text, html text, text text)
      on conflict (purpose, language) do update
        set subject = excluded.subject, html = excluded.html, text = excluded.text`,
      [JSON.stringify(templates)],
    );
    const [stored] = await tx.query<{ characters: number }>(
      "select coalesce(sum(length(html) + length(text)), 0)::integer as characters from mail_templates",
    );
    if ((stored?.characters ?? 0) > mostCharacters) {
      throw new AuthError("validation_failed", {
        message: `The templates of a project have at most ${mostCharacters} characters together`,
      });
    }
    await record(tx, templates);
  });
}

/**
 * Goes back to the release's words for a purpose, in one language or all. Returns what was taken away.
 *
 * @throws AuthError project_not_found
 */
export function removeMailTemplates(
  database: Database,
  id: string,
  purpose: string,
  language?: string,
): Promise<{ purpose: string; language: string }[]> {
  return asProjectOwner(database, id, async (tx) => {
    const removed = await tx.query<{ purpose: string; language: string }>(
      `delete from mail_templates where purpose = $1 and language = coalesce($2, language)
      returning purpose, language`,
      [purpose, language ?? null],
    );
    if (removed.length > 0) await record(tx, removed);
    return removed;
  });
}

async function record(
  tx: Transaction,
  changed: readonly { purpose: string; language: string }[],
): Promise<void> {
  const names = changed.map(({ purpose, language }) => `${purpose}.${language}`).sort();
  await tx.query(
    `select record_event('mail_templates_changed', null, null, null,
      jsonb_build_object('names', $1::jsonb, 'by', session_user))`,
    [JSON.stringify(names)],
  );
}
