import { html } from "hono/html";
import type { Html } from "./layout.ts";
import { type Page, pathOf, stateNames } from "./page.ts";
import type { Problem } from "./problem.ts";

export interface Field {
  readonly name: "email" | "password" | "code";
  readonly label: string;
  readonly autocomplete: "username" | "current-password" | "new-password" | "one-time-code";
  readonly value?: string | undefined;
  readonly hint?: string | undefined;
  readonly isReadOnly?: boolean;
}

const types = { email: "email", password: "password", code: "text" } as const;

/** A labelled field; what was wrong with it stands before it and is read with it. */
export function field(definition: Field, problem: Problem | null): Html {
  const { name, label, autocomplete, value, hint, isReadOnly = false } = definition;
  const wrong = problem?.field === name ? problem.text : undefined;
  const notes = [hint && `${name}-hint`, wrong && `${name}-wrong`].filter(Boolean).join(" ");
  return html`<div class="field">
<label for="${name}">${label}</label>
${hint ? html`<p class="hint" id="${name}-hint">${hint}</p>` : ""}
${wrong ? html`<p class="wrong" id="${name}-wrong">${wrong}</p>` : ""}
<input id="${name}" name="${name}" type="${types[name]}" autocomplete="${autocomplete}" required
${value === undefined ? "" : html` value="${value}"`}
${notes ? html` aria-describedby="${notes}"` : ""}
${wrong ? html` aria-invalid="true"` : ""}
${isReadOnly ? html` readonly` : ""}
${name === "code" ? html` class="code" inputmode="numeric" pattern="[0-9 \\-]*" maxlength="11"` : ""}
${name === "password" ? html` spellcheck="false"` : html` autocapitalize="none" spellcheck="false"`}>
</div>`;
}

/** What was wrong, above the form: it has the focus, so it is read at once. */
export function summary(problem: Problem | null): Html {
  if (!problem) return html``;
  const { field, text } = problem;
  return html`<div class="summary" role="alert" tabindex="-1" autofocus>
<p>${field ? html`<a href="#${field}">${text}</a>` : text}</p>
</div>`;
}

/** A form of ours; what the app asked for goes along. */
export function form(
  page: Page,
  action: string,
  body: Html,
  more: Record<string, string> = {},
): Html {
  const { authUrl } = page.c.get("project").issuer;
  const state = stateNames.map((name) => [name, page.state[name]] as const);
  const hidden = [...state, ...Object.entries(more)].map(([name, value]) =>
    value === undefined ? "" : html`<input type="hidden" name="${name}" value="${value}">\n`,
  );
  return html`<form method="post" action="${new URL(authUrl + action).pathname}" accept-charset="utf-8">
${hidden}${body}
</form>`;
}

export function submit(label: string): Html {
  return html`<button type="submit">${label}</button>`;
}

/** A link to another page of ours, which is told the same. */
export function link(page: Page, path: string, label: string): Html {
  return html`<a href="${pathOf(page, path)}">${label}</a>`;
}

export function emailField(page: Page, value: string | undefined): Field {
  return { name: "email", label: page.words.fields.email, autocomplete: "username", value };
}

/** For who chooses a password. */
export function newPasswordField({ c, words }: Page, label: string): Field {
  const { minLength } = c.get("project").passwordPolicy;
  const hint = words.fields.passwordHint(minLength);
  return { name: "password", label, autocomplete: "new-password", hint };
}

export function codeField({ words: { fields } }: Page): Field {
  const { code: label, codeHint: hint } = fields;
  return { name: "code", label, autocomplete: "one-time-code", hint };
}
