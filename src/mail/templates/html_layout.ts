import type { Carried } from "./variables.ts";
import type { PurposeWords, Words } from "./words.ts";

const font =
  "font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif";
const mono = "font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'Courier New',monospace";
const paragraph = `margin:0 0 16px;font-size:16px;line-height:24px;word-break:break-word;overflow-wrap:anywhere`;
const small = `margin:0 0 8px;font-size:14px;line-height:21px;color:#57606a;word-break:break-word;overflow-wrap:anywhere`;

/**
 * The HTML of a built-in mail, in Liquid. Tables and inline styles are what mail programs agree on; a
 * program that reads no style sheet shows the light colours. Nothing is loaded from anywhere. The
 * preheader never has the code: a locked telephone shows it to whoever looks.
 */
export function htmlLayout(
  language: string,
  words: Words,
  mail: PurposeWords,
  carried: Carried,
): string {
  return `<!doctype html>
<html lang="${language}" dir="${words.direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no, url=no">
<title>${mail.subject}</title>
<style>
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (prefers-color-scheme: dark) {
  .page { background-color: #0d1117 !important; }
  .card { background-color: #161b22 !important; border-color: #30363d !important; }
  .ink { color: #f0f3f6 !important; }
  .quiet, .quiet a { color: #b1bac4 !important; }
  .code { background-color: #0d1117 !important; border-color: #484f58 !important; color: #ffffff !important; }
  .button { border-color: #6e7681 !important; }
}
</style>
</head>
<body class="page" style="margin:0;padding:0;background-color:#f3f4f6">
<div style="display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;font-size:1px;line-height:1px;color:#f3f4f6">${carried.link ? words.linkLifetime : mail.notice}</div>
<table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" border="0" style="background-color:#f3f4f6">
<tr><td align="center" style="padding:32px 12px">
<table role="presentation" class="card" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:560px;background-color:#ffffff;border:1px solid #d8dee4;border-radius:12px">
<tr><td class="ink" style="padding:32px;color:#1f2328;${font}">
<p class="quiet" style="margin:0 0 24px;font-size:14px;line-height:21px;font-weight:600;color:#57606a;overflow-wrap:anywhere">{{ project.name }}</p>
<h1 class="ink" style="margin:0 0 16px;font-size:24px;line-height:32px;font-weight:700;color:#1f2328">${mail.heading}</h1>
${mail.paragraphs.map((text) => `<p class="ink" style="${paragraph};color:#1f2328">${text}</p>`).join("\n")}
${parts(words, mail, carried).join("\n")}
<p class="quiet" style="${small};margin-top:24px">${mail.notice}</p>
</td></tr>
</table>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:560px">
<tr><td class="quiet" style="padding:16px 32px;font-size:12px;line-height:18px;color:#57606a;overflow-wrap:anywhere;${font}">${words.sentBy}</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
`;
}

function parts(words: Words, mail: PurposeWords, carried: Carried): string[] {
  return [
    ...(carried.link ? linkParts(words, mail) : []),
    ...(carried.code ? codeParts(words, carried) : []),
    ...(mail.secondButton ? accountParts(mail) : []),
  ];
}

function linkParts(words: Words, mail: PurposeWords): string[] {
  return [
    "{% if link %}",
    button("{{ link }}", mail.button),
    `<p class="quiet" style="${small}">${words.linkLifetime} ${words.linkLine}</p>`,
    `<p class="quiet" style="${small};word-break:break-all"><a href="{{ link }}" style="color:#57606a">{{ link }}</a></p>`,
    "{% endif %}",
  ];
}

function codeParts(words: Words, { link }: Carried): string[] {
  const line = link
    ? `{% if link %}${words.codeLine}{% else %}${words.codeAlone}{% endif %}`
    : words.codeAlone;
  return [
    "{% if code %}",
    `<p class="ink" style="${paragraph};margin-top:24px;color:#1f2328">${line}</p>`,
    `<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 16px"><tr><td class="code" style="padding:12px 20px 12px 28px;background-color:#f6f8fa;border:1px solid #d8dee4;border-radius:8px;color:#1f2328;font-size:32px;line-height:40px;font-weight:700;letter-spacing:8px;user-select:all;-webkit-user-select:all;${mono}">{{ code }}</td></tr></table>`,
    `<p class="quiet" style="${small}">${words.codeLifetime}</p>`,
    "{% endif %}",
  ];
}

function accountParts(mail: PurposeWords): string[] {
  return [
    "{% if sign_in_link %}",
    button("{{ sign_in_link }}", mail.button),
    `<p class="ink" style="${paragraph}"><a class="ink" href="{{ reset_link }}" style="color:#1f2328">${mail.secondButton}</a></p>`,
    "{% endif %}",
  ];
}

// A light colour would have no edge on the light card.
const edge = `{% if project.text_color == "#000000" %}#8c959f{% else %}{{ project.color }}{% endif %}`;

function button(link: string, text = ""): string {
  return `<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:8px 0 24px"><tr><td class="button" bgcolor="{{ project.color }}" style="background-color:{{ project.color }};border:1px solid ${edge};border-radius:8px"><a href="${link}" style="display:inline-block;padding:14px 28px;color:{{ project.text_color }};font-size:16px;line-height:20px;font-weight:600;text-decoration:none;${font}">${text}</a></td></tr></table>`;
}
