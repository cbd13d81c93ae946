import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Auth, createAuth } from "../../src/auth.ts";
import { openEmbedded } from "../../src/database/embedded.ts";
import { startServer } from "../../src/http/server.ts";
import { mailboxTransport } from "../../src/mail/transports/mailbox.ts";
import { createProject } from "../../src/projects/create_project.ts";
import { type NewProvider, setProvider } from "../../src/projects/providers.ts";
import { generateMasterKey, parseKeyring } from "../../src/projects/secrets.ts";
import { changeSettings, type Settings } from "../../src/projects/settings.ts";
import { preparedImage } from "../../src/testing/image.ts";
import { type TestMail, testMailbox } from "../../src/testing/mailbox.ts";

/** The service and an app that uses its pages, each on a port of its own. */
export interface PagesServer {
  readonly authUrl: string;
  /** The app's page: it shows what it was handed. */
  readonly appUrl: string;
  mailTo(email: string): Promise<TestMail>;
  post(path: string, body: object): Promise<Response>;
  /** Servers follow within five seconds; before the first request, at once. */
  addProvider(provider: NewProvider): Promise<void>;
  set(settings: Partial<Settings>): Promise<void>;
  close(): Promise<void>;
}

/** A project of `settings`, whose site is the app, and whose providers are on this machine. */
export async function startPagesServer(
  settings: Partial<Settings>,
  /** By name, the service is another site than whatever is at the number. */
  host: "127.0.0.1" | "localhost" = "127.0.0.1",
): Promise<PagesServer> {
  const id = "proj_pages";
  const masterKey = generateMasterKey();
  const database = await openEmbedded({ image: await preparedImage() });
  const keyring = parseKeyring(masterKey);
  await createProject(database, { id, keyring });

  let auth: Auth | undefined;
  const server = await startServer({
    fetch: (request, bindings) => {
      if (!auth) throw new Error("the service is not there yet");
      return auth.fetch(request, bindings);
    },
    host: "127.0.0.1",
    port: 0,
  });
  const publicUrl = `http://${host}:${server.port}`;
  const app = await startApp(publicUrl);
  const cors_origins = [new URL(app.url).origin];
  await changeSettings(database, id, { site_url: app.url, cors_origins, ...settings });
  const transport = mailboxTransport();
  const service = createAuth({
    database,
    masterKey,
    publicUrl,
    providers: { allowPrivate: true },
    mail: { transport, pollInterval: 0 },
  });
  auth = service;

  const authUrl = `${publicUrl}/${id}`;
  return {
    authUrl,
    appUrl: app.url,
    mailTo: (email) => testMailbox(transport, () => service.deliverMail()).latest(email),
    post: (path, body) =>
      fetch(authUrl + path, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
      }),
    async addProvider(provider) {
      await setProvider(database, id, provider, keyring);
    },
    async set(changes) {
      await changeSettings(database, id, changes);
    },
    async close() {
      await server.close(0);
      await app.close();
      await service.close();
      await database.close();
    },
  };
}

// What the guide tells apps to do.
const [, takeSession = ""] =
  /^```js\n([\s\S]*?)^```$/m.exec(readFileSync("docs/pages.md", "utf8")) ?? [];

/** An app that shows what it was handed, and has a form that it should not have. */
async function startApp(authOrigin: string) {
  const html = `<!doctype html><html lang="en"><title>The app</title><h1>The app</h1><pre></pre>
    <form method="post" action="${authOrigin}/proj_pages/forgot-password">
    <input name="email" value="victim@example.com"><button>Win a prize</button></form>
    <script type="module">${takeSession}
    document.querySelector("pre").textContent = JSON.stringify(session)</script>`;
  const server = createServer((_, reply) => {
    reply.setHeader("Content-Type", "text/html; charset=utf-8").end(html);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
