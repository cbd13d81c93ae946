import { createHash, randomBytes } from "node:crypto";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { hiddenFields, openPage, sendForm } from "./pages.ts";
import type { Reply, RequestOptions, TestProject } from "./project.ts";

/** A PKCE verifier and its S256 challenge (RFC 7636 section 4). */
export function newVerifier(): { readonly verifier: string; readonly challenge: string } {
  const verifier = randomBytes(32).toString("base64url");
  return { verifier, challenge: createHash("sha256").update(verifier).digest("base64url") };
}

/** Follows the link of a mail as a person does, who presses its button; the code in the redirect. */
export async function redirectedCode(
  project: TestProject,
  {
    token,
    type,
    redirectTo,
  }: { readonly token: string; readonly type: string; readonly redirectTo?: string },
): Promise<string> {
  const query = new URLSearchParams({ token, type });
  if (redirectTo !== undefined) query.set("redirect_to", redirectTo);
  const page = await openPage(project, `/verify?${query}`);
  const led = await sendForm(project, "/verify/confirm", hiddenFields(page));
  const code = new URL(led.location ?? "about:blank").searchParams.get("code");
  if (!code) throw new Error(`the link led to ${led.location ?? `a page, ${led.status}`}`);
  return code;
}

export function exchangeCode(
  project: TestProject,
  code: string,
  verifier: string,
  options?: RequestOptions,
): Promise<Reply<SessionReply>> {
  const body = { auth_code: code, code_verifier: verifier };
  return project.post("/token?grant_type=pkce", body, options);
}
