import { createMiddleware } from "hono/factory";
import { AuthError } from "../../errors.ts";
import type { KeptMail } from "../../mail/transports/mailbox.ts";
import { withoutProject } from "../routing.ts";
import type { App, DevelopmentMailbox, HttpContext, HttpEnv } from "../service.ts";
import { listPage, mailList, mailPage } from "./pages.ts";
import { script } from "./script.ts";
import { style } from "./style.ts";

const root = "/_dev/mail";

/** A name for this machine: any other in `Host` is a page elsewhere that had its name point here. */
const ownHost = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/;

const pagePolicy =
  "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
// The mail's own HTML: no script, nothing from elsewhere, an origin of its own.
const mailPolicy =
  "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'self'";

/**
 * The development mailbox: what would have been sent, to read and to click. Registered where the service
 * was given one, and nowhere else.
 */
export function registerDevMailbox(app: App, mailbox: DevelopmentMailbox): void {
  const { transport } = mailbox;
  app.use(`${root}/*`, onlyHere);
  app.use(`${root}.json`, onlyHere);
  app.get(root, onlyHere, async (c) => {
    await mailbox.deliverMail();
    return page(c, await listPage(transport.mails()));
  });
  app.get(`${root}.json`, async (c) => {
    await mailbox.deliverMail();
    const to = c.req.query("to");
    const mails = transport.mails().filter((mail) => to === undefined || mail.to === to);
    return c.json({ mails });
  });
  app.get(`${root}/list`, async (c) => page(c, await mailList(transport.mails())));
  app.get(`${root}/style.css`, (c) => asset(c, style, "text/css"));
  app.get(`${root}/script.js`, (c) => asset(c, script, "text/javascript"));
  app.post(`${root}/clear`, (c) => {
    if (!isSameOrigin(c)) return c.text("This form is sent from the mailbox itself.", 403);
    transport.clear();
    return c.redirect(root, 303);
  });
  app.get(`${root}/:id`, async (c) => {
    const mail = found(transport.mails(), c);
    return mail ? page(c, await mailPage(mail)) : c.text("This mail is not kept any more.", 404);
  });
  app.get(`${root}/:id/html`, (c) => {
    const mail = found(transport.mails(), c);
    if (!mail) return c.text("This mail is not kept any more.", 404);
    c.header("Content-Security-Policy", mailPolicy);
    c.header("X-Frame-Options", "SAMEORIGIN");
    return c.html(withLinksOutside(mail.html));
  });
}

const onlyHere = createMiddleware<HttpEnv>(async (c, next) => {
  // A project has no mailbox of its own.
  if (withoutProject(c.req.raw).projectId !== null) throw new AuthError("not_found");
  if (!ownHost.test(c.req.header("Host") ?? new URL(c.req.url).host)) {
    return c.text("The mailbox is for this machine alone.", 403);
  }
  return next();
});

function found(mails: readonly KeptMail[], c: HttpContext): KeptMail | undefined {
  return mails.find(({ id }) => id === c.req.param("id"));
}

function page(c: HttpContext, html: string): Response {
  c.header("Content-Security-Policy", pagePolicy);
  // Without a referrer, a form of this page would not say whose it is.
  c.header("Referrer-Policy", "same-origin");
  return c.html(html);
}

function asset(c: HttpContext, text: string, type: string): Response {
  c.header("Content-Type", `${type}; charset=utf-8`);
  return c.body(text);
}

// Browsers name the origin of a form; none that cannot be forged says it was ours.
function isSameOrigin(c: HttpContext): boolean {
  const origin = c.req.header("Origin");
  return origin !== undefined && origin === new URL(c.req.url).origin;
}

// A link opens beside the mailbox, and not in the frame, where nothing may be framed.
function withLinksOutside(html: string): string {
  return html.replace(/<head[^>]*>|^/i, (head) => `${head}<base target="_blank">`);
}
