import { createHash, randomBytes } from "node:crypto";
import type { Asked } from "./http_server.ts";

export interface Client {
  readonly clientId: string;
  readonly clientSecret: string;
}

interface Given<T> {
  readonly redirectUri: string;
  readonly challenge: string;
  readonly holder: T;
}

/** Authorization codes of a fake provider, each good once and for the verifier's holder (RFC 7636). */
export function codeBook<T>({ clientId, clientSecret }: Client) {
  const codes = new Map<string, Given<T>>();
  return {
    issue(query: URLSearchParams, holder: T): string {
      const code = randomBytes(16).toString("hex");
      codes.set(code, {
        redirectUri: query.get("redirect_uri") ?? "",
        challenge: query.get("code_challenge") ?? "",
        holder,
      });
      return code;
    },
    /** Whose code it was, or the error of RFC 6749 section 5.2. */
    redeem({ form, authorization }: Asked): { holder: T } | { error: string } {
      const shown = shownClient(form, authorization);
      if (shown.id !== clientId || shown.secret !== clientSecret)
        return { error: "invalid_client" };
      const code = form.get("code") ?? "";
      const given = codes.get(code);
      codes.delete(code);
      const challenge = createHash("sha256")
        .update(form.get("code_verifier") ?? "")
        .digest("base64url");
      const isRight =
        given?.redirectUri === form.get("redirect_uri") && given?.challenge === challenge;
      return given && isRight ? { holder: given.holder } : { error: "invalid_grant" };
    },
  };
}

// RFC 6749 section 2.3.1: in the form, or form-encoded in Basic.
function shownClient(form: URLSearchParams, authorization: string) {
  const basic = /^Basic (.+)$/.exec(authorization)?.[1];
  if (!basic) return { id: form.get("client_id"), secret: form.get("client_secret") };
  const [id, secret] = Buffer.from(basic, "base64").toString("utf8").split(":");
  return { id: decodeURIComponent(String(id)), secret: decodeURIComponent(String(secret)) };
}
