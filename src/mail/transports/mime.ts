import type { SendMailOptions } from "nodemailer";
import { domainOf, isOneAddress, oneLine } from "./mailbox_address.ts";
import { MailRefused, type OutgoingMail } from "./transport.ts";

/** What no mail of ours needs, and an injected path or URL would. */
export const closedToContent = { disableFileAccess: true, disableUrlAccess: true } as const;

/**
 * A mail for nodemailer. The envelope is given, not read out of headers: one recipient, whatever the
 * address may look like to a parser.
 *
 * @throws MailRefused when the recipient is not exactly one address
 */
export function mimeMessage(mail: OutgoingMail): SendMailOptions {
  if (!isOneAddress(mail.to)) throw new MailRefused({ failure: "recipient", isPermanent: true });
  const { from, replyTo } = mail;
  return {
    from: { name: oneLine(from.name), address: from.address },
    to: { name: "", address: mail.to },
    ...(replyTo ? { replyTo: { name: oneLine(replyTo.name), address: replyTo.address } } : {}),
    envelope: { from: from.address, to: [mail.to] },
    subject: oneLine(mail.subject),
    text: mail.text,
    html: mail.html,
    messageId: `<${mail.id}@${domainOf(from)}>`,
    // Holiday notices and the like do not answer to such mail (RFC 3834; the second is Exchange's).
    headers: { "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All" },
    ...closedToContent,
  };
}
