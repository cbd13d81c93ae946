import type { MailPurpose } from "../purposes.ts";

const everywhere = [
  "project.name",
  "project.id",
  "project.url",
  "project.color",
  "project.text_color",
  "sign_in_link",
  "reset_link",
  "email",
  "minutes",
  "hours",
  "code_lifetime",
  "link_lifetime",
  "language",
];

const linkAndCode = ["link", "token", "code"];

const further: Readonly<Record<MailPurpose, readonly string[]>> = {
  signup: linkAndCode,
  invite: linkAndCode,
  magiclink: linkAndCode,
  recovery: linkAndCode,
  email_change: [...linkAndCode, "new_email"],
  email_change_current: [...linkAndCode, "new_email"],
  reauthentication: ["code"],
  account_exists: [],
  password_changed: [],
  email_changed: ["new_email"],
  identity_linked: [],
  identity_unlinked: [],
};

/** What a mail can write, by path; beside it all of `user_metadata`. */
export function variablesFor(purpose: MailPurpose): readonly string[] {
  return [...everywhere, ...further[purpose]];
}

/** What a mail lets its reader go on with. */
export interface Carried {
  readonly link: boolean;
  readonly code: boolean;
}

export function carriedBy(purpose: MailPurpose): Carried {
  return { link: hasLink(purpose), code: hasCode(purpose) };
}

export function hasLink(purpose: MailPurpose): boolean {
  return further[purpose].includes("link");
}

export function hasCode(purpose: MailPurpose): boolean {
  return further[purpose].includes("code");
}

/** Whether a template may read a path of variables. */
export function isVariable(purpose: MailPurpose, path: readonly string[]): boolean {
  return path[0] === "user_metadata" || variablesFor(purpose).includes(path.join("."));
}
