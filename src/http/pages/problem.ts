import { AuthError, type AuthErrorCode } from "../../errors.ts";
import { readRefusal, setRetryAfter } from "../errors.ts";
import type { Form, Page } from "./page.ts";
import type { PageWords } from "./words.ts";

/** What a page says is wrong, and with which of its fields. */
export interface Problem {
  readonly field?: "email" | "password" | "code";
  readonly text: string;
  readonly status: number;
}

type Errors = PageWords["errors"];
type Meaning = Pick<Problem, "field"> & { readonly text: (errors: Errors) => string };

const meanings: Partial<Record<AuthErrorCode, Meaning>> = {
  invalid_credentials: { text: (errors) => errors.credentials },
  email_not_confirmed: { text: (errors) => errors.unconfirmed },
  user_banned: { text: (errors) => errors.banned },
  user_already_exists: { field: "email", text: (errors) => errors.exists },
  email_exists: { field: "email", text: (errors) => errors.exists },
  signup_disabled: { text: (errors) => errors.signupDisabled },
  bad_oauth_state: { text: (errors) => errors.otherBrowser },
  otp_expired: { field: "code", text: (errors) => errors.code },
  refused_by_application: { text: (errors) => errors.refusedByApplication },
  service_unavailable: { text: (errors) => errors.busy },
  conflict: { text: (errors) => errors.busy },
  request_timeout: { text: (errors) => errors.busy },
};

/** What was thrown, in the visitor's words; never what the request said. */
export function problemOf(page: Page, error: unknown, fields: Form = {}): Problem {
  const { c, words } = page;
  const { errors } = words;
  const thrown = error instanceof Error ? error : new AuthError("unexpected_failure");
  const refusal = readRefusal(thrown, c);
  const { code, status, reasons, retryAfter } = refusal;
  setRetryAfter(refusal, c);
  if (code === "weak_password") {
    const { minLength } = c.get("project").passwordPolicy;
    const isShort = reasons?.includes("length");
    const text = isShort ? errors.tooShort(minLength) : errors.tooCommon;
    return { field: "password", text, status };
  }
  if (status === 429) return { text: errors.tooMany(Math.ceil((retryAfter ?? 60) / 60)), status };
  // The address was read before: what cannot be used is the password.
  if (code === "validation_failed" && fields.password) {
    return { field: "password", text: errors.unfit, status };
  }
  const meaning = meanings[code];
  return meaning
    ? { field: meaning.field, text: meaning.text(errors), status }
    : { text: errors.unexpected, status };
}
