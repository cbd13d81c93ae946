import { fileURLToPath } from "node:url";
import { fileTransport } from "./file.ts";
import { parseMailbox } from "./mailbox_address.ts";
import { type SmtpOptions, smtpTransport } from "./smtp.ts";
import type { MailTransport, Sender } from "./transport.ts";
import { webhookTransport } from "./webhook.ts";

/** How mail leaves, as an operator sets it. */
export interface MailSettings {
  /**
   * `smtp://user:password@host:587`, `smtps://host:465`, `https://host/path` (a webhook) or
   * `file:///folder`.
   */
  readonly url: string;
  /** `auth@shop.example` or `The Shop <auth@shop.example>`. */
  readonly from: string;
  readonly replyTo?: string | undefined;
  /** What a webhook is signed with: `whsec_` and base64. */
  readonly secret?: string | undefined;
}

/**
 * Opens what the settings say; nothing is connected until the first mail.
 *
 * @throws RangeError with a sentence that holds no secret
 */
export function openSender(settings: MailSettings): Sender {
  const from = parseMailbox(settings.from);
  const replyTo = settings.replyTo ? parseMailbox(settings.replyTo) : null;
  return { transport: openTransport(settings), from, replyTo };
}

function openTransport({ url: text, secret }: MailSettings): MailTransport {
  if (!URL.canParse(text)) throw new RangeError(grammar);
  const url = new URL(text);
  switch (url.protocol) {
    case "smtp:":
    case "smtps:":
      return smtpTransport(smtpOptions(url));
    case "https:":
    case "http:":
      return openWebhook(url, secret);
    case "file:":
      if (url.host !== "" || url.search !== "") throw new RangeError(grammar);
      return fileTransport(fileURLToPath(url));
    default:
      throw new RangeError(grammar);
  }
}

const grammar =
  "Mail goes to smtp://user:password@host, smtps://user:password@host, https://host/path or file:///folder";

function openWebhook(url: URL, secret: string | undefined): MailTransport {
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    throw new RangeError("A webhook is https://; http:// is for the loopback interface");
  }
  if (url.username || url.password || url.hash) {
    throw new RangeError("A webhook's URL has no user, password or fragment: it is signed");
  }
  if (!secret) throw new RangeError("A webhook needs a secret to be signed with");
  return webhookTransport({ url: url.href, secret });
}

function smtpOptions(url: URL): SmtpOptions {
  const { searchParams: parameters, hostname, port, protocol } = url;
  if (!hostname || (url.pathname !== "" && url.pathname !== "/") || url.hash) {
    throw new RangeError(grammar);
  }
  for (const name of parameters.keys()) {
    if (!["tls", "name", "pool"].includes(name) || parameters.getAll(name).length > 1) {
      throw new RangeError("An SMTP URL takes ?tls=, ?name= and ?pool=, once each");
    }
  }
  const tls = tlsOf(url);
  const login = loginOf(url);
  if (login && tls === "opportunistic" && !isLoopback(hostname)) {
    throw new RangeError("A password is not sent where TLS is only opportunistic");
  }
  const name = parameters.get("name");
  if (name !== null && !/^[A-Za-z0-9.[\]:-]{1,255}$/.test(name)) {
    throw new RangeError("?name= is the name of this host");
  }
  const pool = parameters.get("pool") ?? "5";
  if (!/^[1-9]\d?$/.test(pool)) throw new RangeError("?pool= is a number from 1 to 99");
  return {
    host: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: port ? Number(port) : protocol === "smtps:" ? 465 : 587,
    tls,
    pool: Number(pool),
    ...(login ? { login } : {}),
    ...(name === null ? {} : { name }),
  };
}

function tlsOf({ protocol, hostname, searchParams }: URL): SmtpOptions["tls"] {
  const wanted = searchParams.get("tls");
  if (protocol === "smtps:") {
    if (wanted !== null) throw new RangeError("smtps:// is TLS from the first byte, without ?tls=");
    return "implicit";
  }
  if (wanted === null || wanted === "required") return "required";
  if (wanted === "opportunistic") return wanted;
  if (wanted === "off" && isLoopback(hostname)) return wanted;
  throw new RangeError("?tls= is required, opportunistic, or on the loopback interface off");
}

function loginOf({ username, password }: URL): SmtpOptions["login"] {
  if (!username && !password) return undefined;
  try {
    return { user: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    throw new RangeError("User and password of an SMTP URL are percent-encoded");
  }
}

function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}
