/** A mail as it leaves. */
export interface OutgoingMail {
  /** The same each time this mail is tried, and of no other mail: a receiver knows a repetition by it. */
  readonly id: string;
  readonly projectId: string;
  readonly purpose: string;
  readonly from: Mailbox;
  readonly replyTo: Mailbox | null;
  /** One canonical address. */
  readonly to: string;
  readonly subject: string;
  readonly html: string;
  readonly text: string;
  readonly language: string;
  readonly link: string | null;
  readonly code: string | null;
  /** That of the link. */
  readonly token: string | null;
  /** RFC 3339. */
  readonly queuedAt: string;
}

export interface Mailbox {
  /** Empty where there is none. */
  readonly name: string;
  readonly address: string;
}

/** Takes mail to where it is read, or at least on its way. */
export interface MailTransport {
  /**
   * Resolves when somebody else has taken responsibility for the mail.
   *
   * @throws MailRefused for everything that can go wrong
   */
  send(mail: OutgoingMail, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** A transport, and in whose name it sends. */
export interface Sender {
  readonly transport: MailTransport;
  readonly from: Mailbox;
  readonly replyTo: Mailbox | null;
}

export interface Refused {
  /** A short code such as `smtp 451` or `timeout`; never an address, nor the other side's own words. */
  readonly failure: string;
  /** No other attempt with this mail can succeed. */
  readonly isPermanent?: boolean;
  /** The recipient's server says for good that there is no such address. */
  readonly isBounce?: boolean;
  /** It is not this mail: no other would have been taken either. */
  readonly isTransportDown?: boolean;
  /** What an operator should mend, in a sentence without secrets. */
  readonly remedy?: string;
}

/** A transport did not take a mail. */
export class MailRefused extends Error {
  override readonly name = "MailRefused";
  readonly failure: string;
  readonly isPermanent: boolean;
  readonly isBounce: boolean;
  readonly isTransportDown: boolean;
  readonly remedy: string | undefined;

  constructor(refused: Refused) {
    const { failure, isPermanent, isBounce, isTransportDown, remedy } = refused;
    super(`the mail was not taken: ${failure}`);
    this.failure = failure;
    this.isPermanent = isPermanent ?? false;
    this.isBounce = isBounce ?? false;
    this.isTransportDown = isTransportDown ?? false;
    this.remedy = remedy;
  }
}
