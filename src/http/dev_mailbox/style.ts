export const style = `:root {
  color-scheme: light dark;
  --text: light-dark(#1c1f26, #e8eaf0);
  --quiet: light-dark(#5b6270, #a4abba);
  --page: light-dark(#f6f7f9, #14161b);
  --card: light-dark(#ffffff, #1d2027);
  --line: light-dark(#d9dde4, #343945);
  --accent: light-dark(#1d4ed8, #8fb0ff);
}
* { box-sizing: border-box; }
body {
  max-width: 56rem; margin: 0 auto; padding: 2rem 1rem;
  background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif;
}
h1 { margin: 0; font-size: 1.5rem; overflow-wrap: anywhere; }
h2 { margin: 2rem 0 .5rem; font-size: 1rem; }
header p { margin: .25rem 0 1rem; color: var(--quiet); }
header form { margin-bottom: 1rem; }
a { color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
button, .button {
  display: inline-block; padding: .4rem .8rem; border: 1px solid var(--line); border-radius: .4rem;
  background: var(--card); color: var(--text); font: inherit; text-decoration: none; cursor: pointer;
}
.button { border-color: var(--accent); color: var(--accent); }
[hidden] { display: none; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: 1rem 0; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
ul { margin: 0; padding: 0; list-style: none; }
.actions { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem; }
code { font-size: 1.25rem; letter-spacing: .1em; }
.mails li { border: 1px solid var(--line); border-bottom-width: 0; background: var(--card); }
.mails li:first-child { border-radius: .5rem .5rem 0 0; }
.mails li:last-child { border-bottom-width: 1px; border-radius: 0 0 .5rem .5rem; }
.mails li:only-child { border-radius: .5rem; }
.mails a {
  display: grid; grid-template-columns: 1fr max-content; gap: 0 1rem; padding: .75rem 1rem;
  color: inherit; text-decoration: none;
}
.mails a:hover .subject { color: var(--accent); }
.subject { font-weight: 600; overflow-wrap: anywhere; }
.purpose, time { color: var(--quiet); text-align: right; }
.to { grid-row: 2; color: var(--quiet); overflow-wrap: anywhere; }
dd time { text-align: left; color: inherit; }
.mails time { grid-row: 2; }
.empty { padding: 3rem 1rem; border: 1px dashed var(--line); border-radius: .5rem; text-align: center; color: var(--quiet); }
iframe { width: 100%; height: 46rem; border: 1px solid var(--line); border-radius: .5rem; background: #fff; }
pre {
  margin: 0; padding: 1rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--card);
  white-space: pre-wrap; overflow-wrap: anywhere;
}
`;
