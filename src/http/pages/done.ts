import { html } from "hono/html";
import { link } from "./fields.ts";
import { reply } from "./layout.ts";
import type { Page } from "./page.ts";

export type Done = "signedIn" | "passwordChanged" | "confirmed" | "halfDone" | "invited";

/** The end of the way where the project has named no site to go on to. */
export function donePage(page: Page, what: Done): Promise<Response> {
  const { done } = page.words;
  return reply(page, {
    title: done.title,
    body: html`<p>${done[what]}</p>
${what === "invited" ? html`<p>${link(page, "/forgot-password", done.choosePassword)}</p>` : ""}`,
  });
}
