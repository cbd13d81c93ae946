import type { KeptMail, MailboxTransport } from "../mail/transports/mailbox.ts";

/** A mail as a test looks at it. */
export interface TestMail {
  readonly to: string;
  readonly from: { readonly name: string; readonly address: string };
  readonly subject: string;
  readonly html: string;
  readonly text: string;
  /** `signup`, `recovery`, `magiclink` and so on. */
  readonly purpose: string;
  readonly link: string | null;
  /** Six digits. */
  readonly code: string | null;
  /** That of the link. */
  readonly token: string | null;
}

/** Where mail ends in a test. Whatever waits is delivered before it is looked into. */
export interface TestMailbox {
  /**
   * The newest mail to an address.
   *
   * @throws Error when there is none
   */
  latest(email: string): Promise<TestMail>;
  /** All mail to an address, or all there is, the newest first. */
  all(email?: string): Promise<readonly TestMail[]>;
  /** Forgets the mail to an address, or all. */
  clear(email?: string): Promise<void>;
}

export function testMailbox(
  transport: MailboxTransport,
  deliver: () => Promise<void>,
): TestMailbox {
  async function all(email?: string): Promise<readonly TestMail[]> {
    await deliver();
    const mails = transport.mails().filter(({ to }) => email === undefined || to === email);
    return mails.map(testMail);
  }
  return {
    all,
    async latest(email) {
      const [mail] = await all(email);
      if (!mail) throw new Error(`there is no mail to ${email}`);
      return mail;
    },
    async clear(email) {
      await deliver();
      transport.clear(email);
    },
  };
}

function testMail(mail: KeptMail): TestMail {
  const { to, from, subject, html, text, purpose, link, code, token } = mail;
  return { to, from, subject, html, text, purpose, link, code, token };
}
