import { Option } from "commander";
import type { MailSettings } from "../src/index.ts";
import { AuthError } from "../src/index.ts";

/** How projects without a transport of their own send. */
export interface MailFlags {
  mailUrl?: string;
  mailFrom?: string;
  mailReplyTo?: string;
}

export function mailOptions(): Option[] {
  return [
    new Option("--mail-url <url>", "where mail goes: smtp://, smtps://, https:// or file:///").env(
      "MIOSA_AUTH_MAIL_URL",
    ),
    new Option("--mail-from <address>", "its sender, such as `Auth <auth@shop.example>`").env(
      "MIOSA_AUTH_MAIL_FROM",
    ),
    new Option("--mail-reply-to <address>", "where answers go, if not to the sender").env(
      "MIOSA_AUTH_MAIL_REPLY_TO",
    ),
  ];
}

/** The secret of a webhook is in MIOSA_AUTH_MAIL_SECRET and never in the arguments, which others can see. */
export function mailSettings(flags: MailFlags): MailSettings | undefined {
  const { mailUrl: url, mailFrom: from, mailReplyTo: replyTo } = flags;
  if (!url && !from && !replyTo) return undefined;
  if (!url || !from) {
    throw new AuthError("validation_failed", {
      message: "MIOSA_AUTH_MAIL_URL and MIOSA_AUTH_MAIL_FROM go together",
    });
  }
  const secret = process.env.MIOSA_AUTH_MAIL_SECRET || undefined;
  return { url, from, replyTo, secret };
}
