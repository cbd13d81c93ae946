import { canonicalEmail } from "../../emails/canonical.ts";
import type { ReadEmail } from "../schemas/fields.ts";
import type { Form } from "./page.ts";

/** The address that a form was given; null where that is none. */
export function readEmail({ email: typed }: Form): ReadEmail | null {
  const emailAsTyped = typed?.trim() ?? "";
  const email = canonicalEmail(emailAsTyped);
  return email === null ? null : { email, emailAsTyped };
}
