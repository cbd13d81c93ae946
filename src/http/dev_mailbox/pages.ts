import { html } from "hono/html";
import type { KeptMail } from "../../mail/transports/mailbox.ts";

type Html = ReturnType<typeof html>;

const root = "/_dev/mail";

/** All mail that is kept; readable without scripts. */
export async function listPage(mails: readonly KeptMail[]): Promise<string> {
  return document(
    "Mailbox",
    html`
      <header>
        <h1>Mailbox</h1>
        <p>What this service would have sent. Nothing leaves this machine.</p>
        <form method="post" action="${root}/clear"><button type="submit">Clear</button></form>
      </header>
      <main id="mails" data-live>${list(mails)}</main>
    `,
  );
}

/** What the page puts in the place of its list when there is news. */
export async function mailList(mails: readonly KeptMail[]): Promise<string> {
  return `${await list(mails)}`;
}

export async function mailPage(mail: KeptMail): Promise<string> {
  return document(
    mail.subject,
    html`
      <header>
        <p><a href="${root}">All mail</a></p>
        <h1>${mail.subject}</h1>
        <dl>
          <dt>To</dt>
          <dd>${mail.to}</dd>
          <dt>From</dt>
          <dd>${mail.from.name} ${mail.from.address}</dd>
          <dt>Project</dt>
          <dd>${mail.projectId}</dd>
          <dt>Purpose</dt>
          <dd>${mail.purpose}, ${mail.language}</dd>
          <dt>Sent</dt>
          <dd>${time(mail)}</dd>
        </dl>
        ${actions(mail)}
      </header>
      <main>
        <h2 id="as-html">As HTML</h2>
        <iframe
          title="The mail as HTML"
          sandbox="allow-popups allow-popups-to-escape-sandbox"
          src="${root}/${mail.id}/html"
        ></iframe>
        <h2 id="as-text">As text</h2>
        <pre tabindex="0">${mail.text}</pre>
      </main>
    `,
  );
}

function actions({ link, code }: KeptMail): Html {
  return html`
    <ul class="actions">
      ${
        link === null
          ? ""
          : html`<li><a class="button" href="${link}">Open link</a></li>
            <li><button type="button" data-copy="${link}" hidden>Copy link</button></li>`
      }
      ${
        code === null
          ? ""
          : html`<li>Code <code>${code}</code></li>
            <li><button type="button" data-copy="${code}" hidden>Copy code</button></li>`
      }
    </ul>
    <p role="status" id="status"></p>
  `;
}

function list(mails: readonly KeptMail[]): Html {
  if (mails.length === 0)
    return html`<p class="empty">No mail yet. Sign up, and it appears here.</p>`;
  return html`<ul class="mails">
    ${mails.map(
      (mail) =>
        html`<li>
          <a href="${root}/${mail.id}">
            <span class="subject">${mail.subject}</span>
            <span class="to">${mail.to}</span>
            <span class="purpose">${mail.purpose}</span>
            ${time(mail)}
          </a>
        </li>`,
    )}
  </ul>`;
}

function time({ sentAt }: KeptMail): Html {
  return html`<time datetime="${sentAt}">${sentAt.replace("T", " ").slice(0, 19)} UTC</time>`;
}

async function document(title: string, body: Html): Promise<string> {
  const text = await html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <link rel="stylesheet" href="${root}/style.css" />
        <script src="${root}/script.js" defer></script>
      </head>
      <body>
        ${body}
      </body>
    </html> `;
  return `${text}`;
}
