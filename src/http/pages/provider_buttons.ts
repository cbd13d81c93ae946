import { html } from "hono/html";
import { presetOf } from "../../oauth/providers/index.ts";
import type { Html } from "./layout.ts";
import { type Page, pathOf } from "./page.ts";

type ProviderName = { readonly name: string; readonly kind: string };

/**
 * A link for each provider of the project, in the order in which they were set. Links and not forms, since
 * browsers hold a page's form policy against all redirects that follow, and a provider's are its own.
 */
export function providerButtons(page: Page): Html {
  const { providers } = page.c.get("project").configuration;
  const known = providers.filter(({ kind }) => presetOf(kind));
  if (known.length === 0) return html``;
  const { or, continueWith } = page.words.provider;
  const links = known.map(({ name }) => {
    const path = pathOf(page, "/authorize", { provider: name, from_page: "true" });
    return html`<a class="button" href="${path}">${continueWith(providerLabel(page, name))}</a>\n`;
  });
  return html`<p class="or">${or}</p>
<div class="providers">
${links}</div>`;
}

/** What people call a provider, told from others of the same kind; never what it calls itself. */
export function providerLabel(page: Page, name: string): string {
  const { providers } = page.c.get("project").configuration;
  const label = labelOf(providers.find((one) => one.name === name));
  if (!label) return name;
  const alike = providers.filter((one) => labelOf(one) === label);
  return alike.length > 1 ? `${label} (${name})` : label;
}

function labelOf(provider: ProviderName | undefined): string | undefined {
  return provider && presetOf(provider.kind)?.label;
}
