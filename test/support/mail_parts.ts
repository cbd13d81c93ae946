import type { MessageParts } from "../../src/mail/message.ts";
import type { MailPurpose } from "../../src/mail/purposes.ts";
import { samplePayload, sampleProject, sampleRow } from "../../src/mail/sample.ts";
import type { MailData } from "../../src/mail/template_values.ts";

interface Changes {
  readonly settings?: Partial<MessageParts["configuration"]>;
  readonly data?: MailData;
  readonly languages?: readonly string[];
  readonly redirectTo?: string | null;
  readonly recipient?: string;
  readonly folderTemplates?: MessageParts["folderTemplates"];
}

/** What a mail of a purpose is composed from: a sample, changed in the places that a test is about. */
export function mailParts(purpose: MailPurpose, changes: Changes = {}): MessageParts {
  const { settings, data, languages = [], redirectTo, recipient } = changes;
  const configuration = { ...sampleProject.settings, templates: [], ...settings };
  const row = sampleRow(purpose);
  const payload = samplePayload(purpose, configuration.site_url, languages);
  return {
    authUrl: sampleProject.authUrl,
    configuration,
    row: { ...row, data: { ...row.data, ...data }, recipient: recipient ?? row.recipient },
    payload: redirectTo === undefined ? payload : { ...payload, redirectTo },
    folderTemplates: changes.folderTemplates ?? [],
  };
}
