import type { MailOffer } from "../database/functions.ts";
import type { SecretBox } from "../projects/secret_box.ts";
import { codeMacs, newCode, newOneTimeToken } from "./one_time_token.ts";
import { sealPayload } from "./payload.ts";

/** What a request knows of a mail that it may cause. */
export interface MailWishes {
  /** Where the link leads in the end, admitted already; null where the project has no site. */
  readonly redirectTo: string | null;
  /** Languages of the browser, the best first. */
  readonly languages: readonly string[];
  /** The S256 challenge of a client that will exchange a code of its own (RFC 7636). */
  readonly codeChallenge: string | null;
}

/**
 * Prepares the link and the code of a mail before SQL decides whether one is sent, and to whom: all
 * callers cost the same, and Postgres sees hashes and sealed bytes alone.
 */
export function prepareMail(
  box: SecretBox,
  purpose: string,
  subject: string,
  { redirectTo, languages, codeChallenge }: MailWishes,
): MailOffer {
  const token = newOneTimeToken();
  const code = newCode();
  const [codeMac = ""] = codeMacs(box, { purpose, subject }, code);
  const payload = sealPayload(box, { token: token.text, code, redirectTo, languages });
  return {
    token_hash: token.hash.toString("hex"),
    code_mac: codeMac,
    payload: payload.toString("hex"),
    code_challenge: codeChallenge,
  };
}
