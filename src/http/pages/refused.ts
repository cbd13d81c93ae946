import { html } from "hono/html";
import { AuthError } from "../../errors.ts";
import { link } from "./fields.ts";
import { reply } from "./layout.ts";
import type { Page } from "./page.ts";

/** A page for what no form can mend. It says nothing that the request said. */
export function refusedPage(page: Page, text: string, status: number): Promise<Response> {
  const { refused } = page.words;
  return reply(page, {
    title: refused.title,
    isRefusal: true,
    status,
    body: html`<p role="alert">${text}</p>
<p>${link(page, "/sign-in", refused.back)}</p>`,
  });
}

/** For a link that is wrong, used, stale or of another purpose alike. */
export function linkExpiredPage(page: Page, type: string): Promise<Response> {
  const { linkExpired } = page.words;
  page.c.set("refusalCode", "otp_expired");
  return reply(page, {
    title: linkExpired.title,
    isRefusal: true,
    status: 403,
    body: html`<p role="alert">${linkExpired.explanation}</p>
<p>${link(page, type === "recovery" ? "/forgot-password" : "/sign-in", linkExpired.again)}</p>`,
  });
}

/** Whether something was thrown because of the link itself. */
export function isBadLink(error: unknown): boolean {
  return error instanceof AuthError && ["otp_expired", "validation_failed"].includes(error.code);
}
