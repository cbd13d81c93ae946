import type { MailTransport, OutgoingMail, Sender } from "./transport.ts";

/** A mail that was kept instead of sent. */
export interface KeptMail extends OutgoingMail {
  /** RFC 3339. */
  readonly sentAt: string;
}

/** A transport that keeps what it is given, in memory; for development and tests. */
export interface MailboxTransport extends MailTransport {
  /** What it was given last, the newest first. */
  mails(): readonly KeptMail[];
  /** Forgets all mail, or that to one address. */
  clear(to?: string): void;
}

/** @param most mails to keep; 500 by default */
export function mailboxTransport(most = 500): MailboxTransport {
  let kept: KeptMail[] = [];
  return {
    async send(mail) {
      const others = kept.filter(({ id }) => id !== mail.id);
      kept = [{ ...mail, sentAt: new Date().toISOString() }, ...others].slice(0, most);
    },
    mails: () => kept,
    clear(to) {
      kept = to === undefined ? [] : kept.filter((mail) => mail.to !== to);
    },
    async close() {},
  };
}

/** A mailbox as a project's way out; nothing is answered to, since nothing leaves. */
export function mailboxSender(transport: MailboxTransport): Sender {
  return { transport, from: { name: "", address: "auth@localhost" }, replyTo: null };
}
