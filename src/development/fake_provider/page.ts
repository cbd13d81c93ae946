import { createHash } from "node:crypto";

/** What the sign-in page is filled with. */
export interface Filling {
  /** The query of the authorization request, which the form brings back. */
  readonly request: string;
  readonly email: string;
  readonly problem?: string;
}

const style = `
:root { color-scheme: light dark; --ground: #fff7e0; --card: #fffdf7; --text: #221a05; --line: #8a7a4d; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #1c180c; --card: #262011; --text: #f6efdc; --line: #a5966a; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-content: center; padding: 1.5rem 1rem;
  background: var(--ground); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
main { width: 100%; max-width: 26rem; padding: 2rem; background: var(--card);
  border: 2px dashed var(--line); border-radius: 0.75rem; }
h1 { margin: 0 0 0.5rem; font-size: 1.5rem; line-height: 1.25; }
p { margin: 0 0 1rem; }
label { display: block; font-weight: 600; }
label.tick { margin: 0 0 1rem; }
.hint { margin: 0; font-size: 0.9rem; }
input:not([type=checkbox]), button { width: 100%; min-height: 2.75rem; margin: 0.25rem 0 1rem;
  padding: 0.5rem 0.75rem; border: 1px solid var(--line); border-radius: 0.5rem;
  background: transparent; color: inherit; font: inherit; }
input[type=checkbox] { width: 1.25rem; height: 1.25rem; margin: 0 0.5rem 0 0; vertical-align: -0.2rem; }
button { margin: 0 0 0.75rem; font-weight: 600; cursor: pointer; }
button[value=allow] { background: var(--text); color: var(--card); }
[role=alert] { padding: 0.5rem 0.75rem; border-left: 4px solid #b3261e; font-weight: 600; }
`;

/**
 * Whose policy names no target of forms: browsers would hold it against every redirect that follows the
 * form, and where the last one leads is the app's to choose.
 */
export const pagePolicy = `default-src 'none'; style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'; frame-ancestors 'none'; base-uri 'none'`;

/** Asks whom the developer wants to be. */
export function signInPage({ request, email, problem }: Filling): string {
  return document(`<h1>Fake provider</h1>
<p>For development alone. Be whoever you like: no password is asked for.</p>
${problem ? `<p role="alert">${escaped(problem)}</p>` : ""}
<form method="post" action="/authorize" accept-charset="utf-8">
<input type="hidden" name="request" value="${escaped(request)}">
<label for="email">E-mail address</label>
<input id="email" name="email" inputmode="email" autocapitalize="none" spellcheck="false" value="${escaped(email)}">
<label class="tick"><input type="checkbox" name="verified" value="yes" checked>The address is verified</label>
<label for="name">Name</label>
<input id="name" name="name">
<label for="sub">Subject</label>
<p class="hint" id="sub-hint">Who it is, whatever the address. Made of the address when empty.</p>
<input id="sub" name="sub" aria-describedby="sub-hint" autocapitalize="none" spellcheck="false">
<button type="submit" name="answer" value="allow">Sign in</button>
<button type="submit" name="answer" value="deny">Refuse</button>
</form>`);
}

/** For a request that leads nowhere. */
export function refusalPage(text: string): string {
  return document(`<h1>Fake provider</h1>
<p role="alert">${escaped(text)}</p>`);
}

function document(body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Fake provider</title>
<style>${style}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}
