import { createTransport, type NodemailerError } from "nodemailer";
import { closedToContent, mimeMessage } from "./mime.ts";
import { MailRefused, type MailTransport } from "./transport.ts";

export interface SmtpOptions {
  readonly host: string;
  readonly port: number;
  /** `implicit` from the first byte, `required` by STARTTLS, `opportunistic` where offered, `off` never. */
  readonly tls: "implicit" | "required" | "opportunistic" | "off";
  readonly login?: { readonly user: string; readonly password: string };
  /** What this server calls itself in EHLO. */
  readonly name?: string;
  /** Connections at most. */
  readonly pool: number;
  /** Milliseconds. */
  readonly limits?: Partial<SmtpLimits>;
}

/** How long the other side may take, in milliseconds. */
export interface SmtpLimits {
  readonly connect: number;
  readonly greeting: number;
  /** Without a byte, in the middle of a mail. */
  readonly silence: number;
}

const usualLimits: SmtpLimits = { connect: 10_000, greeting: 10_000, silence: 30_000 };

/** Hands mail to an SMTP server over a few connections that stay open. */
export function smtpTransport(options: SmtpOptions): MailTransport {
  const { host, port, tls, login, name, pool } = options;
  const limits = { ...usualLimits, ...options.limits };
  const transport = createTransport({
    pool: true,
    host,
    port,
    secure: tls === "implicit",
    requireTLS: tls === "required",
    opportunisticTLS: tls === "opportunistic",
    ignoreTLS: tls === "off",
    ...(login ? { auth: { user: login.user, pass: login.password } } : {}),
    ...(name === undefined ? {} : { name }),
    maxConnections: pool,
    // A connection that breaks may have delivered: the outbox tries again, and later than at once.
    maxRequeues: 0,
    idleTimeout: 10_000,
    connectionTimeout: limits.connect,
    dnsTimeout: limits.connect,
    greetingTimeout: limits.greeting,
    socketTimeout: limits.silence,
    socketCloseTimeout: 1_000,
    maxResponseSize: 65_536,
    logger: false,
    ...closedToContent,
  });
  return {
    async send(mail, signal) {
      const message = mimeMessage(mail);
      try {
        // A connection that is only being made does not hear of the signal.
        await Promise.race([transport.sendMail({ ...message, signal }), whenAborted(signal)]);
      } catch (error) {
        throw refusedBySmtp(error as NodemailerError, `${host}:${port}`);
      }
    },
    async close() {
      transport.close({ force: true });
    },
  };
}

function whenAborted(signal: AbortSignal): Promise<never> {
  const late = () => new MailRefused({ failure: "timeout", isTransportDown: true });
  return new Promise((_, reject) => {
    if (signal.aborted) reject(late());
    signal.addEventListener("abort", () => reject(late()), { once: true });
  });
}

const failures: Record<string, string> = {
  ETIMEDOUT: "timeout",
  EABORT: "timeout",
  EDNS: "dns",
  ETLS: "tls",
  EPROTOCOL: "protocol",
  EAUTH: "login",
};

// The reply's code alone: its text quotes the address, and sometimes the mail.
function refusedBySmtp(error: NodemailerError, server: string): MailRefused {
  if (error instanceof MailRefused) return error;
  const { code = "", command = "", responseCode } = error;
  const failure = responseCode ? `smtp ${responseCode}` : (failures[code] ?? "connection");
  if (code === "EAUTH" || code === "ENOAUTH") {
    const remedy = `the mail server ${server} does not take the login that it is given`;
    return new MailRefused({ failure: "smtp login", isTransportDown: true, remedy });
  }
  if (code === "ETLS" || isCertificateError(error)) {
    const remedy = `the mail server ${server} offers no TLS that can be verified`;
    return new MailRefused({ failure: "tls", isTransportDown: true, remedy });
  }
  const isRefusal = (responseCode ?? 0) >= 500;
  if (command === "RCPT TO" || command === "DATA") {
    // Who answers nothing would hold up the mail of all others for as long, once for each mail.
    return new MailRefused({
      failure,
      isPermanent: isRefusal,
      isBounce: isBounce(error),
      isTransportDown: failure === "timeout",
    });
  }
  if (isRefusal) {
    const remedy = `the mail server ${server} refuses mail of this sender or host (${failure})`;
    return new MailRefused({ failure, isTransportDown: true, remedy });
  }
  return new MailRefused({ failure, isTransportDown: true });
}

const noSuchAddress = new Set([550, 551, 553]);

// Servers say with the same codes that they do not relay for us, or take us for a sender of spam: that is
// not about the address. RFC 3463 tells them apart where the server speaks it.
function isBounce({ command, responseCode, response = "" }: NodemailerError): boolean {
  if (command !== "RCPT TO" || !noSuchAddress.has(responseCode ?? 0)) return false;
  const status = /^\d{3}[ -](5\.\d{1,3}\.\d{1,3})\b/.exec(response)?.[1];
  if (status !== undefined) return /^5\.(1\.(1|2|3|6|10)|2\.1)$/.test(status);
  return !/relay|spam|block|polic/i.test(response);
}

function isCertificateError(error: Error): boolean {
  const { cause, message } = error;
  const text = `${message} ${cause instanceof Error ? cause.message : ""}`;
  return /certificate|self.signed|altnames/i.test(text);
}
