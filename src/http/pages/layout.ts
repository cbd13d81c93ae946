import { createHash } from "node:crypto";
import { html, raw } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { redirectRules, redirectTarget } from "../redirects.ts";
import type { Page } from "./page.ts";
import { script } from "./script.ts";
import { styleSheet } from "./style.ts";

export type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

export interface Content {
  readonly title: string;
  readonly body: Html;
  /** 200 when left out. */
  readonly status?: number;
  /** Whether the page says what was wrong; its title says so first. */
  readonly isRefusal?: boolean;
}

const fallbackColor = "#1d4ed8";

/** Writes a page. Whatever is put into the tagged template is escaped. */
export async function reply(page: Page, content: Content): Promise<Response> {
  const { c, words, language } = page;
  const { name, page_color: color } = c.get("project").configuration;
  const style = styleSheet(/^#[0-9a-f]{6}$/.test(color) ? color : fallbackColor);
  const prefix = content.isRefusal ? words.refused.prefix : "";
  const title = name ? `${content.title} – ${name}` : content.title;
  c.header("Content-Security-Policy", contentPolicy(page, style));
  c.header("Vary", "Accept-Language");
  return c.html(
    html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${prefix}${title}</title>
<style>${raw(style)}</style>
<script>${raw(script)}</script>
</head>
<body>
<main>
${name ? html`<p class="project">${name}</p>` : ""}
<h1>${content.title}</h1>
${content.body}
</main>
</body>
</html>
`,
    (content.status ?? 200) as ContentfulStatusCode,
  );
}

// Browsers apply form-action to the redirect that answers a form as well, so the app's origin is in it.
function contentPolicy(page: Page, style: string): string {
  const target = redirectTarget(redirectRules(page.c), page.state.redirect_to);
  const site = redirectTarget(redirectRules(page.c), null);
  const sources = new Set(["'self'", ...[target, site].flatMap((url) => (url ? source(url) : []))]);
  return [
    "default-src 'none'",
    `style-src ${hashSource(style)}`,
    `script-src ${hashSource(script)}`,
    `form-action ${[...sources].join(" ")}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join("; ");
}

function hashSource(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

/** As a source expression: the origin, or the scheme of an app's own. */
function source(url: string): string {
  const { origin, protocol } = new URL(url);
  return origin === "null" ? protocol : origin;
}
