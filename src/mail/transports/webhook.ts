import { Webhook } from "standardwebhooks";
import { withDeadline } from "../../deadline.ts";
import { isOneAddress, oneLine } from "./mailbox_address.ts";
import { MailRefused, type MailTransport, type OutgoingMail } from "./transport.ts";

export interface WebhookTransportOptions {
  readonly url: string;
  /** `whsec_` and base64, or base64 alone: what Standard Webhooks signs with. */
  readonly secret: string;
  /** Milliseconds; 30,000 by default. */
  readonly timeout?: number;
}

const lastingRefusals = new Set([400, 410, 422]);

/**
 * Posts each mail as JSON to a URL of the operator's, signed as Standard Webhooks 1.0 says. Success is
 * any 2xx; `webhook-id` is the same each time a mail is tried, so that the receiver can send it once.
 *
 * @throws RangeError for a secret that cannot be one
 */
export function webhookTransport({
  url,
  secret,
  timeout = 30_000,
}: WebhookTransportOptions): MailTransport {
  const webhook = openWebhook(secret);
  return {
    async send(mail, signal) {
      if (!isOneAddress(mail.to)) {
        throw new MailRefused({ failure: "recipient", isPermanent: true });
      }
      const body = JSON.stringify(eventOf(mail));
      const sentAt = new Date();
      const headers = {
        "Content-Type": "application/json",
        "webhook-id": `msg_${mail.id}`,
        "webhook-timestamp": String(Math.floor(sentAt.getTime() / 1_000)),
        "webhook-signature": webhook.sign(`msg_${mail.id}`, sentAt, body),
      };
      const status = await withDeadline(timeout, [signal], (within) =>
        post(url, body, within, headers),
      );
      if (status >= 200 && status < 300) return;
      throw new MailRefused({
        failure: `http ${status}`,
        isPermanent: lastingRefusals.has(status),
      });
    },
    async close() {},
  };
}

function openWebhook(secret: string): Webhook {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  if (key.length < 24 || key.length > 64) {
    throw new RangeError("A webhook's secret is whsec_ and 24 to 64 bytes in base64");
  }
  return new Webhook(secret);
}

function eventOf(mail: OutgoingMail) {
  return {
    type: "mail.send",
    timestamp: mail.queuedAt,
    data: {
      project: mail.projectId,
      purpose: mail.purpose,
      from: { name: oneLine(mail.from.name), address: mail.from.address },
      reply_to: mail.replyTo,
      to: mail.to,
      subject: oneLine(mail.subject),
      text: mail.text,
      html: mail.html,
      language: mail.language,
      link: mail.link,
      code: mail.code,
    },
  };
}

// A redirect would carry the mail, and the right to open it, to whom nobody named.
async function post(
  url: string,
  body: string,
  signal: AbortSignal,
  headers: Record<string, string>,
): Promise<number> {
  try {
    const reply = await fetch(url, { method: "POST", body, headers, signal, redirect: "manual" });
    await reply.body?.cancel();
    return reply.status;
  } catch {
    const failure = signal.aborted ? "timeout" : "connection";
    throw new MailRefused({ failure, isTransportDown: true });
  }
}
