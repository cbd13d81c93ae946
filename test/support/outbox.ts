import { type MailPayload, openPayload } from "../../src/mail/payload.ts";
import { secretBox } from "../../src/projects/secret_box.ts";
import type { TestProject } from "./project.ts";

/** A mail that waits in the outbox, opened. */
export interface QueuedMail extends MailPayload {
  readonly purpose: string;
  readonly recipient: string;
  readonly data: Record<string, unknown>;
}

/** What waits for a project's recipients, the oldest first; rows for addresses of nobody are left out. */
export async function queuedMail(project: TestProject, recipient?: string): Promise<QueuedMail[]> {
  const rows = await project.sql<{
    purpose: string;
    recipient: string;
    payload: Uint8Array;
    data: Record<string, unknown>;
  }>(
    `select purpose, recipient, payload, data from miosa_auth.outbox
     where project_id = $1 and state = 'queued' and purpose <> 'none' and recipient = coalesce($2, recipient)
     order by id`,
    [project.id, recipient ?? null],
  );
  const box = secretBox(project.service.keyring, project.id);
  return rows.map(({ payload, ...row }) => ({ ...row, ...openPayload(box, payload) }));
}

/** The newest mail to an address. Throws when there is none. */
export async function newestMail(
  project: TestProject,
  recipient: string,
): Promise<QueuedMail & { readonly token: string; readonly code: string }> {
  const mail = (await queuedMail(project, recipient)).at(-1);
  if (!mail) throw new Error("no mail waits for this address");
  return { ...mail, token: mail.token ?? "", code: mail.code ?? "" };
}

/** Lets mail to addresses be asked for again at once, as if the time had passed. */
export async function forgetMailTimes(project: TestProject): Promise<void> {
  await project.sql("update mail_budgets set asked_at = asked_at - interval '1 hour'");
}
