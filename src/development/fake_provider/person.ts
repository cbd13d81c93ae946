import { createHash } from "node:crypto";

/** Whom the developer plays: claims of an ID token. */
export interface Person {
  readonly sub: string;
  readonly email?: string;
  readonly email_verified?: boolean;
  readonly name?: string;
}

const longest = 320;

/**
 * Who a form says that somebody is; null where it says nothing. The same address is the same person, unless
 * a subject is typed: so somebody who has a new address can be played, and somebody who was given another's.
 */
export function readPerson(form: URLSearchParams): Person | null {
  const [email, name, subject] = ["email", "name", "sub"].map((field) =>
    (form.get(field) ?? "").trim().slice(0, longest),
  );
  if (!email && !subject) return null;
  return {
    sub: subject || subjectOf(email ?? ""),
    ...(email ? { email, email_verified: form.get("verified") === "yes" } : {}),
    ...(name ? { name } : {}),
  };
}

function subjectOf(email: string): string {
  return createHash("sha256").update(email.toLowerCase()).digest("hex").slice(0, 24);
}
