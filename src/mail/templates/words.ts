import type { MailPurpose } from "../purposes.ts";

/**
 * The words of one language, in plain text with Liquid variables. `variables.ts` says which there are.
 */
export interface Words {
  /** The direction of writing. */
  readonly direction: "ltr" | "rtl";
  readonly purposes: Readonly<Record<MailPurpose, PurposeWords>>;
  /** Before the link that stands for itself. */
  readonly linkLine: string;
  /** Before a code beside a link. */
  readonly codeLine: string;
  /** Before a code that stands alone. */
  readonly codeAlone: string;
  readonly linkLifetime: string;
  readonly codeLifetime: string;
  readonly sentBy: string;
}

export interface PurposeWords {
  readonly subject: string;
  readonly heading: string;
  readonly paragraphs: readonly string[];
  /** What the button says; mails without a link have none. */
  readonly button?: string;
  /** A second link, in mails that have two. */
  readonly secondButton?: string;
  /** What to do when one did not ask for this. */
  readonly notice: string;
}
