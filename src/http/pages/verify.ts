import { html } from "hono/html";
import { accountOfLink, redeemCode, redeemLink } from "../../mail/redeem.ts";
import { newAuthorizationCode } from "../../tokens/authorization_code.ts";
import { newRefreshToken } from "../../tokens/refresh_token.ts";
import { admittedRedirect, redirectRules } from "../redirects.ts";
import { checkMailPage } from "./check_mail.ts";
import { donePage } from "./done.ts";
import { form, submit } from "./fields.ts";
import { reply } from "./layout.ts";
import type { Form, Page, PageRoute } from "./page.ts";
import { problemOf } from "./problem.ts";
import { readEmail } from "./read_email.ts";
import { leadOn } from "./redeemed.ts";
import { isBadLink, linkExpiredPage, refusedPage } from "./refused.ts";
import { newPasswordPage } from "./reset_password.ts";
import type { ConfirmedType } from "./words.ts";

/**
 * `GET /verify`, where the link of a mail leads. Scanners follow links before people do, so this only
 * shows a form: looking consumes nothing, however often.
 */
export const verifyRoute: PageRoute = {
  async show(page) {
    const { token = "", type = "" } = page.c.req.query();
    if (type === "recovery" && !hasOwnForm(page)) return newPasswordPage(page, token);
    const { confirm } = page.words;
    const account = Object.hasOwn(confirm, type)
      ? await accountOfLink(page.c.get("project").functions, token, type)
      : null;
    if (account === null) return linkExpiredPage(page, type);
    const { title, explanation, submit: label } = confirm[type as ConfirmedType];
    return reply(page, {
      title,
      // Whose account it is: somebody may have sent a link of their own.
      body: html`<p>${explanation}</p>
<p><strong>${account.email}</strong></p>
${form(page, "/verify/confirm", html`${submit(label)}`, { token, type })}`,
    });
  },
};

/** `POST /verify/confirm`: a person pressed the button, or typed the code. */
export const confirmRoute: PageRoute = {
  show: (page) =>
    page.c.redirect(new URL(`${page.c.get("project").issuer.authUrl}/sign-in`).pathname, 303),
  async submit(page, input) {
    return input.token ? byLink(page, input, input.token) : byCode(page, input);
  },
};

async function byLink(page: Page, { type = "" }: Form, token: string): Promise<Response> {
  const { c } = page;
  const refreshToken = newRefreshToken();
  const code = newAuthorizationCode();
  const redemption = { type, refreshHash: refreshToken.hash, client: c.get("client") };
  try {
    const { functions } = c.get("project");
    c.set("signIn", "mail");
    const redeemed = await redeemLink(functions, token, { ...redemption, codeHash: code.hash });
    c.get("service").mailQueued();
    const led = await leadOn(page.c, page.state, redeemed, {
      refreshToken,
      code,
      type,
    });
    return led ?? donePage(page, doneWith(type, redeemed));
  } catch (error) {
    if (isBadLink(error)) return linkExpiredPage(page, type);
    const { text, status } = problemOf(page, error);
    return refusedPage(page, text, status);
  }
}

async function byCode(page: Page, input: Form): Promise<Response> {
  const { c } = page;
  const address = readEmail(input);
  const type = input.type === "signup" ? "signup" : "email";
  if (!address) return refusedPage(page, page.words.errors.email, 400);
  const { email } = address;
  const refreshToken = newRefreshToken();
  const redemption = { type, refreshHash: refreshToken.hash, client: c.get("client") };
  try {
    const { functions, box } = c.get("project");
    c.set("signIn", "mail");
    const redeemed = await redeemCode(
      functions,
      box,
      { email, code: input.code ?? "" },
      redemption,
    );
    c.get("service").mailQueued();
    const led = await leadOn(page.c, page.state, redeemed, { refreshToken, type });
    return led ?? donePage(page, doneWith(type, redeemed));
  } catch (error) {
    const from = type === "signup" ? "/sign-up" : "/sign-in";
    return checkMailPage(page, { email, type, from }, problemOf(page, error));
  }
}

/** Whether the app named a page of its own, where somebody who forgot a password chooses another. */
function hasOwnForm({ c, state }: Page): boolean {
  const rules = redirectRules(c);
  const admitted = admittedRedirect(rules, state.redirect_to);
  // A mail that was asked for without a page of the app's names the site.
  return admitted !== null && !isSamePage(admitted, rules.siteUrl);
}

function doneWith(type: string, { half_done: isHalf }: { readonly half_done?: true }) {
  if (isHalf) return "halfDone";
  if (type === "invite") return "invited";
  return type === "signup" || type === "email_change" ? "confirmed" : "signedIn";
}

function isSamePage(url: string, site: string): boolean {
  return URL.canParse(site) && new URL(url).href === new URL(site).href;
}
