import type { Database } from "../database/database.ts";
import { AuthError } from "../errors.ts";
import { parseTransport, transportUse } from "../mail/routes.ts";
import { type MailSettings, openSender } from "../mail/transports/open.ts";
import { actAsAdministrator, administer, administration } from "../projects/administration.ts";
import { asProjectOwner } from "../projects/registry.ts";
import { secretBox } from "../projects/secret_box.ts";
import type { Keyring } from "../projects/secrets.ts";

/** How a project sends, without what nobody needs to see. */
export interface ShownTransport {
  /** The password is `***`. */
  readonly url: string;
  readonly from: string;
  readonly reply_to: string | null;
  readonly has_secret: boolean;
}

/**
 * Lets a project send in its own way. Sealed under the keyring; running servers follow within ten
 * seconds, and what waited for a transport is sent then.
 *
 * @throws AuthError project_not_found, validation_failed
 */
export async function setMailTransport(
  database: Database,
  id: string,
  settings: MailSettings,
  keyring: Keyring,
): Promise<ShownTransport> {
  await check(settings);
  const { url, from, replyTo, secret } = settings;
  const text = JSON.stringify({ url, from, replyTo, secret });
  const sealed = secretBox(keyring, id).seal(text, transportUse);
  await asProjectOwner(database, id, (tx) =>
    tx.query(
      `insert into mail_transport (sealed) values (decode($1, 'hex'))
       on conflict (singleton) do update set sealed = excluded.sealed returning singleton`,
      [sealed.toString("hex")],
    ),
  );
  await hasten(database, id);
  return shownTransport(settings);
}

/**
 * Lets a project send as its fleet does again.
 *
 * @returns whether it had a transport of its own
 * @throws AuthError project_not_found
 */
export function removeMailTransport(database: Database, id: string): Promise<boolean> {
  return asProjectOwner(database, id, async (tx) => {
    const rows = await tx.query("delete from mail_transport returning singleton");
    return rows.length > 0;
  });
}

/**
 * The project's own settings, or null.
 *
 * @throws AuthError project_not_found, validation_failed when the keyring does not open them
 */
export async function readMailTransport(
  database: Database,
  id: string,
  keyring: Keyring,
): Promise<MailSettings | null> {
  const [row] = await asProjectOwner(database, id, (tx) =>
    tx.query<{ sealed: string }>("select encode(sealed, 'hex') as sealed from mail_transport"),
  );
  if (!row) return null;
  try {
    const text = secretBox(keyring, id).open(Buffer.from(row.sealed, "hex"), transportUse);
    return parseTransport(text);
  } catch (cause) {
    throw new AuthError("validation_failed", {
      message: `This MIOSA_AUTH_KEY does not open the mail transport of ${id}`,
      cause,
    });
  }
}

/** Settings as they may be printed. */
export function shownTransport({ url: text, from, replyTo, secret }: MailSettings): ShownTransport {
  const url = new URL(text);
  if (url.password) url.password = "***";
  return { url: url.href, from, reply_to: replyTo ?? null, has_secret: secret !== undefined };
}

async function check(settings: MailSettings): Promise<void> {
  try {
    await openSender(settings).transport.close();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new AuthError("validation_failed", { message: error.message, cause: error });
  }
}

function hasten(database: Database, id: string): Promise<void> {
  return administer(database, async (tx) => {
    await actAsAdministrator(tx, await administration(tx));
    await tx.query("select hasten_mail($1)", [id]);
  });
}
