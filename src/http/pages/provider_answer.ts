import type { OAuthFlow } from "../../database/functions.ts";
import { AuthError } from "../../errors.ts";
import { parseRefreshToken } from "../../tokens/refresh_token.ts";
import type { HttpContext } from "../service.ts";
import { donePage } from "./done.ts";
import { endSession } from "./hand_over.ts";
import { openPage, type Page } from "./page.ts";
import { type Problem, problemOf } from "./problem.ts";
import { providerLabel } from "./provider_buttons.ts";
import { refusedPage } from "./refused.ts";

/**
 * Does what a browser on its way to or from a provider is asked for. What goes wrong where there is no app
 * to tell is told to the person, on a page; to a program as ever.
 *
 * @throws AuthError what was thrown, where no page is wanted
 */
export async function orPage(
  c: HttpContext,
  work: (c: HttpContext) => Promise<Response>,
): Promise<Response> {
  try {
    return await work(c);
  } catch (error) {
    if (!wantsPage(c)) throw error;
    const page = openPage(c, c.req.query());
    return showProblem(page, problemOf(page, error));
  }
}

/** Says on a page why a sign-in that began on one came to nothing, and leads back to where it began. */
export function refusedAnswerPage(
  c: HttpContext,
  { provider, redirect_to, code_challenge }: OAuthFlow,
  error: Error,
): Promise<Response> {
  const page = openPage(c, {
    redirect_to: redirect_to ?? undefined,
    ...(code_challenge ? { code_challenge, code_challenge_method: "s256" } : {}),
  });
  const problem = problemOf(page, error);
  const text = ofProvider(page, error, providerLabel(page, provider));
  return showProblem(page, { ...problem, text: text ?? problem.text });
}

/**
 * The end of a sign-in that began on a page, where the project has no site to lead to. Nobody is there to
 * take the session, so it ends, as after a password.
 */
export async function endOnPage(c: HttpContext, refreshToken: string): Promise<Response> {
  const token = parseRefreshToken(refreshToken);
  if (!token) throw new AuthError("unexpected_failure");
  await endSession(c, token);
  return donePage(openPage(c, {}), "signedIn");
}

/** Whether the project has pages, and what asks can show one. */
function wantsPage(c: HttpContext): boolean {
  const accepts = /\btext\/html\b/i.test(c.req.header("Accept") ?? "");
  return accepts && c.get("project").configuration.pages_enabled;
}

function showProblem(page: Page, { text, status }: Problem): Promise<Response> {
  return refusedPage(page, text, status);
}

function ofProvider(page: Page, error: Error, name: string): string | null {
  if (!(error instanceof AuthError)) return null;
  const { provider } = page.words;
  if (error.code === "email_exists") {
    const { manual_linking: mayLink } = page.c.get("project").configuration;
    return mayLink ? provider.signInAndLink(name) : provider.signInAsBefore(name);
  }
  if (error.code !== "bad_oauth_callback") return null;
  return error.status === 403 ? provider.denied(name) : provider.unusable(name);
}
