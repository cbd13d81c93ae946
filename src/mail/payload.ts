import { z } from "zod";
import type { SecretBox } from "../projects/secret_box.ts";

/** What only the mail may say, and only until it has left: sealed while it waits in the outbox. */
export interface MailPayload {
  /** The link's token; null in mails that have none. */
  readonly token: string | null;
  /** Six digits. */
  readonly code: string | null;
  /** Where the link leads in the end; already admitted by the project's list. */
  readonly redirectTo: string | null;
  /** Languages that the asking browser prefers, the best first. */
  readonly languages: readonly string[];
}

const payloadSchema = z.object({
  token: z.string().nullable(),
  code: z.string().nullable(),
  redirectTo: z.string().nullable(),
  languages: z.array(z.string()),
});

const use = "mail";

const nothingSecret: MailPayload = { token: null, code: null, redirectTo: null, languages: [] };

export function sealPayload(box: SecretBox, payload: MailPayload): Buffer {
  return box.seal(JSON.stringify(payload), use);
}

/**
 * An empty payload is that of a mail which only tells.
 *
 * @throws OperatorError when no key of the ring opens it
 */
export function openPayload(box: SecretBox, sealed: Uint8Array): MailPayload {
  if (sealed.length === 0) return nothingSecret;
  return payloadSchema.parse(JSON.parse(box.open(sealed, use)));
}
