import { randomUUID } from "node:crypto";
import type { Database } from "../database/database.ts";
import { canonicalEmail } from "../emails/canonical.ts";
import { AuthError } from "../errors.ts";
import { type MailSettings, openSender } from "../mail/transports/open.ts";
import { MailRefused } from "../mail/transports/transport.ts";
import type { Keyring } from "../projects/secrets.ts";
import { readMailTransport } from "./transport.ts";

export interface TestMailResult {
  readonly to: string;
  /** Whose transport it was. */
  readonly transport: "project" | "fleet";
  /** Null when the other side took the mail, else a short code such as `smtp 550`. */
  readonly failure: string | null;
  /** What to mend, where that is known. */
  readonly remedy: string | null;
}

const timeout = 45_000;

/**
 * Sends a mail without any secret through a project's transport at once, past the queue.
 *
 * @param fleet how projects without a transport of their own send
 * @throws AuthError project_not_found, validation_failed for an address that is none, or without transport
 */
export async function sendTestMail(
  database: Database,
  id: string,
  address: string,
  { keyring, fleet }: { keyring: Keyring; fleet?: MailSettings | undefined },
): Promise<TestMailResult> {
  const to = canonicalEmail(address);
  if (to === null) throw new AuthError("validation_failed", { message: "This is no address" });
  const own = await readMailTransport(database, id, keyring);
  const settings = own ?? fleet;
  if (!settings) {
    throw new AuthError("validation_failed", {
      message: `${id} has no mail transport; give it one with: miosa-auth mail transport ${id} --url-file FILE --from ADDRESS`,
    });
  }
  const result = { to, transport: own ? ("project" as const) : ("fleet" as const) };
  const { transport, from, replyTo } = openSender(settings);
  try {
    await transport.send(
      {
        id: `test.${randomUUID()}`,
        projectId: id,
        purpose: "test",
        from: { ...from, name: from.name || id },
        replyTo,
        to,
        subject: `Mail of ${id} arrives`,
        text: `This is a test of the mail transport of the project ${id}. There is nothing to do.\n`,
        html: `<p>This is a test of the mail transport of the project ${id}. There is nothing to do.</p>`,
        language: "en",
        link: null,
        code: null,
        token: null,
        queuedAt: new Date().toISOString(),
      },
      AbortSignal.timeout(timeout),
    );
    return { ...result, failure: null, remedy: null };
  } catch (error) {
    if (!(error instanceof MailRefused)) throw error;
    return { ...result, failure: error.failure, remedy: error.remedy ?? null };
  } finally {
    await transport.close();
  }
}
