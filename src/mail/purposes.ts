/**
 * What mails are for. The first group carries a link, a code or both; the second only tells. A change
 * of address may write to both sides: `email_change` to the new one, `email_change_current` to the old.
 */
export const mailPurposes = [
  "signup",
  "invite",
  "magiclink",
  "recovery",
  "email_change",
  "email_change_current",
  "reauthentication",
  "account_exists",
  "password_changed",
  "email_changed",
  "identity_linked",
  "identity_unlinked",
] as const;

export type MailPurpose = (typeof mailPurposes)[number];

/** Whether `text` is one of {@link mailPurposes}. */
export function isMailPurpose(text: string): text is MailPurpose {
  return (mailPurposes as readonly string[]).includes(text);
}
