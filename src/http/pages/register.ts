import type { Next } from "hono";
import { readChallenge } from "../mail_request.ts";
import type { App, HttpContext } from "../service.ts";
import { donePage } from "./done.ts";
import { forgotPasswordRoute } from "./forgot_password.ts";
import { isOwnPost, readForm } from "./form.ts";
import { openPage, type Page, type PageRoute } from "./page.ts";
import { problemOf } from "./problem.ts";
import { isBadLink, linkExpiredPage, refusedPage } from "./refused.ts";
import { resetPasswordRoute } from "./reset_password.ts";
import { signInRoute } from "./sign_in.ts";
import { signUpRoute } from "./sign_up.ts";
import { confirmRoute, verifyRoute } from "./verify.ts";
import { verifyOnGet } from "./verify_on_get.ts";

const routes: Record<string, PageRoute> = {
  "/sign-in": signInRoute,
  "/sign-up": signUpRoute,
  "/forgot-password": forgotPasswordRoute,
  "/reset-password": resetPasswordRoute,
  "/verify": verifyRoute,
  "/verify/confirm": confirmRoute,
};

/** The pages for people, which speak HTML and forms; no part of the API or its document. */
export function registerPages(app: App): void {
  app.all("/verify", compatibleVerify);
  for (const [path, route] of Object.entries(routes)) {
    app.all(path, (c, next) => serve(route, c, next));
  }
}

async function serve(route: PageRoute, c: HttpContext, next: Next): Promise<Response | undefined> {
  const isReading = c.req.method === "GET" || c.req.method === "HEAD";
  const isServed = isReading ? route.show : c.req.method === "POST" && route.submit;
  if (!isServed || !c.get("project").configuration.pages_enabled) {
    await next();
    return undefined;
  }
  const page = openPage(c, isReading ? c.req.query() : {});
  return orRefused(page, async () => (isReading ? show(route, page) : take(route, page)));
}

async function orRefused(page: Page, work: () => Promise<Response | undefined>) {
  try {
    return await work();
  } catch (error) {
    const { text, status } = problemOf(page, error);
    return refusedPage(page, text, status);
  }
}

async function show(route: PageRoute, page: Page): Promise<Response | undefined> {
  // Before anything is done for it: an app that asks wrongly is to see that at once.
  readChallenge(page.state);
  return route.show?.(page);
}

async function take(route: PageRoute, page: Page): Promise<Response | undefined> {
  const { c, words } = page;
  if (!isOwnPost(c)) return refusedPage(page, words.refused.crossSite, 403);
  const form = await readForm(c);
  const asked = openPage(c, form);
  readChallenge(asked.state);
  return route.submit?.(asked, form);
}

async function compatibleVerify(c: HttpContext, next: Next): Promise<Response | undefined> {
  const { verify_on_get: isCompatible, pages_enabled: hasPages } = c.get("project").configuration;
  if (c.req.method !== "GET" || !isCompatible) {
    await next();
    return undefined;
  }
  if (!hasPages) return (await verifyOnGet(c)) ?? c.body(null, 204);
  const page = openPage(c, c.req.query());
  return orRefused(page, async () => {
    try {
      return (await verifyOnGet(c)) ?? (await donePage(page, "confirmed"));
    } catch (error) {
      if (isBadLink(error)) return linkExpiredPage(page, c.req.query("type") ?? "");
      throw error;
    }
  });
}
