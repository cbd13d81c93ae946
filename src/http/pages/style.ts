import { textColorOn } from "../../mail/templates/colors.ts";

/** The one style sheet of the pages. The colour is the project's, the rest follows the system. */
export function styleSheet(brand: string): string {
  return `
:root {
  color-scheme: light dark;
  --brand: ${brand};
  --on-brand: ${textColorOn(brand)};
  --ground: #f4f5f7;
  --card: #ffffff;
  --text: #16181d;
  --quiet: #555b66;
  --line: #7c828d;
  --wrong: #b3261e;
  --wrong-ground: #fdeceb;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #101216;
    --card: #1a1d23;
    --text: #eceef2;
    --quiet: #aeb4bf;
    --line: #868d99;
    --wrong: #ffb4ab;
    --wrong-ground: #3b1512;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0;
  min-height: 100vh;
  display: grid;
  align-content: center;
  justify-items: center;
  padding: 1.5rem 1rem;
  background: var(--ground);
  color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
main {
  width: 100%;
  max-width: 26rem;
  padding: 2rem;
  background: var(--card);
  border: 1px solid color-mix(in srgb, var(--line) 35%, transparent);
  border-top: 4px solid var(--brand);
  border-radius: 0.75rem;
  overflow-wrap: anywhere;
}
.project { margin: 0 0 0.25rem; color: var(--quiet); font-weight: 600; }
h1 { margin: 0 0 1.25rem; font-size: 1.5rem; line-height: 1.25; }
p { margin: 0 0 1rem; }
form { margin: 0 0 1.25rem; }
label { display: block; margin-bottom: 0.25rem; font-weight: 600; }
.field { margin-bottom: 1.125rem; }
.hint { margin: 0 0 0.25rem; color: var(--quiet); font-size: 0.9rem; }
.wrong { margin: 0 0 0.25rem; color: var(--wrong); font-weight: 600; font-size: 0.9rem; }
input {
  width: 100%;
  min-height: 2.75rem;
  padding: 0.5rem 0.75rem;
  border: 1px solid var(--line);
  border-radius: 0.5rem;
  background: var(--card);
  color: inherit;
  font: inherit;
}
input[readonly] { border-style: dashed; background: var(--ground); }
input[aria-invalid] { border: 2px solid var(--wrong); }
.code { font-size: 1.25rem; letter-spacing: 0.25em; font-variant-numeric: tabular-nums; }
button, .button {
  width: 100%;
  min-height: 2.75rem;
  margin-bottom: 0.75rem;
  padding: 0.5rem 1rem;
  border: 1px solid var(--line);
  border-radius: 0.5rem;
  background: var(--brand);
  color: var(--on-brand);
  font: inherit;
  font-weight: 600;
  cursor: pointer;
}
.button { display: grid; place-content: center; text-align: center; text-decoration: none; }
button.other, .button { background: transparent; color: var(--text); }
button:hover { filter: brightness(1.08); }
button.other:hover, .button:hover { background: var(--ground); filter: none; }
.or { margin: 0 0 0.75rem; text-align: center; color: var(--quiet); }
.providers { margin-bottom: 1.25rem; }
a { color: inherit; text-underline-offset: 0.2em; }
:focus-visible { outline: 3px solid var(--text); outline-offset: 2px; }
.summary {
  margin: 0 0 1.25rem;
  padding: 0.75rem 1rem;
  border-left: 4px solid var(--wrong);
  border-radius: 0.25rem;
  background: var(--wrong-ground);
}
.summary p { margin: 0; }
.links { padding-top: 1.25rem; border-top: 1px solid color-mix(in srgb, var(--line) 35%, transparent); }
.links > * { margin: 0 0 0.5rem; }
main > :last-child, form > :last-child, .providers > :last-child, .links > :last-child { margin-bottom: 0; }
@media (max-width: 28rem) {
  body { align-content: start; padding: 0; background: var(--card); }
  main { padding: 1.5rem 1.25rem; border-width: 4px 0 0; border-radius: 0; }
}
@media (forced-colors: active) {
  button, .button { border-color: ButtonText; }
}
`;
}
