import { createHash } from "node:crypto";
import type { Logger } from "pino";
import type { MailConfiguration, MailTemplate } from "../database/functions.ts";
import type { ClaimedMail } from "../database/outbox_functions.ts";
import type { ServableProject } from "../projects/directory.ts";
import { composeMessage } from "./message.ts";
import { parseOneTimeToken } from "./one_time_token.ts";
import { type MailPayload, openPayload } from "./payload.ts";
import { isMailPurpose } from "./purposes.ts";
import type { FolderTemplate } from "./templates/template.ts";
import type { OutgoingMail, Sender } from "./transports/transport.ts";

export interface OutgoingParts {
  readonly configuration: MailConfiguration;
  readonly route: Sender;
  /** The AUTH_URL of a project. */
  readonly authUrl: (projectId: string) => string;
  readonly folderTemplates: readonly FolderTemplate[];
  readonly logger: Logger;
}

/**
 * What a mail carries; null where it does not open. Its project's other secrets do, so it was changed
 * or is another project's.
 */
export function openMail(mail: ClaimedMail, { box }: ServableProject): MailPayload | null {
  try {
    return openPayload(box, Buffer.from(mail.payload, "hex"));
  } catch {
    return null;
  }
}

/** Starts the life of the mail's token; false where it was used, replaced or is too old. */
export async function isWorthSending(
  { token }: MailPayload,
  project: ServableProject,
): Promise<boolean> {
  if (token === null) return true;
  const parsed = parseOneTimeToken(token);
  return parsed !== null && project.functions.startTokenLife(parsed.hash);
}

/** A mail as it leaves; the same in each attempt. */
export function outgoingMail(
  mail: ClaimedMail,
  payload: MailPayload,
  { configuration, route, authUrl, folderTemplates, logger }: OutgoingParts,
): OutgoingMail {
  const { purpose, project_id, recipient, data } = mail;
  if (!isMailPurpose(purpose)) throw new RangeError("this is no mail's purpose");
  const { link, code, failure, subject, html, text, language } = composeMessage({
    authUrl: authUrl(project_id),
    configuration: { ...configuration, templates: configuration.templates.flatMap(known) },
    row: { project_id, purpose, recipient, data },
    payload,
    folderTemplates,
  });
  if (failure) logger.error(failure, "a mail template cannot be rendered");
  return {
    id: stableId(mail),
    projectId: project_id,
    purpose,
    from: { name: route.from.name || configuration.name, address: route.from.address },
    replyTo: route.replyTo,
    // The stored address, whatever the message was made of.
    to: recipient,
    subject,
    html,
    text,
    language,
    link,
    code,
    token: link === null ? null : payload.token,
    queuedAt: mail.queued_at,
  };
}

function known({ purpose, ...words }: MailTemplate) {
  return isMailPurpose(purpose) ? [{ purpose, ...words }] : [];
}

// Of one mail alone, though every database counts from 1.
function stableId({ id, installation }: ClaimedMail): string {
  const hash = createHash("sha256").update(`${installation}/${id}`).digest("hex");
  return `${id}.${hash.slice(0, 16)}`;
}
