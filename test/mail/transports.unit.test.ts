import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { Webhook } from "standardwebhooks";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { mailboxTransport } from "../../src/mail/transports/mailbox.ts";
import { openSender } from "../../src/mail/transports/open.ts";
import { MailRefused, type OutgoingMail } from "../../src/mail/transports/transport.ts";
import { selfSigned } from "../support/certificate.ts";
import { whileCollecting } from "../support/garbage.ts";
import { header, startSmtp, type TestSmtp } from "../support/smtp.ts";

const from = "The Shop <auth@shop.example>";
const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

const mail: OutgoingMail = {
  id: "12.00112233aabbccdd",
  projectId: "proj_shop",
  purpose: "recovery",
  from: { name: "The Shop", address: "auth@shop.example" },
  replyTo: null,
  to: "ada@example.com",
  subject: "Set a new password",
  html: "<p>Hello</p>",
  text: "Hello",
  language: "en",
  link: "https://auth.example/proj_shop/verify?token=t&type=recovery",
  code: "123456",
  token: "t",
  queuedAt: "2026-01-01T00:00:00.000Z",
};

async function send(url: string, more: Partial<OutgoingMail> = {}, key?: string): Promise<void> {
  const { transport } = openSender({ url, from, secret: key });
  try {
    await transport.send({ ...mail, ...more }, AbortSignal.timeout(5_000));
  } finally {
    await transport.close();
  }
}

async function refusal(sending: Promise<void>): Promise<MailRefused> {
  const error = await sending.then(
    () => new Error("the mail was taken"),
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(MailRefused);
  return error;
}

describe("the URL of a transport", () => {
  it.each([
    "smtp://mail.example",
    "smtp://user:pass%40word@mail.example:2525?name=auth.example&pool=3",
    "smtp://mail.example?tls=opportunistic",
    "smtp://127.0.0.1:1025?tls=off",
    "smtps://user:secret@mail.example",
    "file:///var/mail",
  ])("%s is one", async (url) => {
    await openSender({ url, from }).transport.close();
  });

  it.each([
    ["mail.example", /Mail goes to/],
    ["ftp://mail.example", /Mail goes to/],
    ["smtp://mail.example/path", /Mail goes to/],
    ["smtp://mail.example?tls=off", /loopback/],
    ["smtp://mail.example?tls=no", /tls=/],
    ["smtps://mail.example?tls=off", /smtps/],
    ["smtp://u:p@mail.example?tls=opportunistic", /password is not sent/],
    ["smtp://mail.example?rejectUnauthorized=false", /takes/],
    ["smtp://mail.example?pool=0", /pool/],
    ["smtp://mail.example?name=a%0d%0ab", /name/],
    ["http://hook.example/mail", /https/],
    ["https://user:pw@hook.example/mail", /no user/],
    ["https://hook.example/mail", /secret/],
    ["file://host/folder", /Mail goes to/],
  ])("%s is none, and the reason holds no password", (url, reason) => {
    const open = () => openSender({ url, from });
    expect(open).toThrow(RangeError);
    expect(open).toThrow(reason);
    expect(open).not.toThrow(/:p@|:pw@/);
  });

  it.each([
    "",
    "nobody",
    "a@b.example, c@d.example",
    "X <a@b.example> <c@d.example>",
    "a@b.example\r\nBcc: c@d.example",
    '"a@evil.example x"@good.example',
  ])("has no sender such as `%s`", (sender) => {
    expect(() => openSender({ url: "file:///x", from: sender })).toThrow(RangeError);
  });
});

describe("SMTP", () => {
  let smtp: TestSmtp;
  let secure: TestSmtp;
  beforeAll(async () => {
    smtp = await startSmtp();
    secure = await startSmtp({
      ...selfSigned(),
      onAuth: (auth, _session, done) => {
        if (auth.password === "right") return done(null, { user: "u" });
        return done(Object.assign(new Error("wrong password of u"), { responseCode: 535 }));
      },
    });
  });
  afterEach(() => {
    smtp.mode = "accept";
    (smtp.mails as unknown[]).length = 0;
  });
  afterAll(() => Promise.all([smtp.close(), secure.close()]));

  const hostile = [
    "Hello\r\nBcc: eve@evil.example",
    "Hello\n\n<script>body</script>",
    "Hello\r\n\r\nRCPT TO:<eve@evil.example>\r\n.\r\n",
    "a\u2028Bcc: eve@evil.example\u0085x\0",
    `${"long ".repeat(500)}\rBcc: eve@evil.example`,
    "=?utf-8?q?x=0d=0aBcc:_eve@evil.example?=",
  ];

  it.each(hostile)(
    "takes no header, recipient or body from a subject or a name: %j",
    async (words) => {
      await send(smtp.url, { subject: words, from: { name: words, address: mail.from.address } });
      expect(smtp.mails).toHaveLength(1);
      const [{ raw, to, from: sender } = { raw: "", to: [], from: "" }] = smtp.mails;
      expect([sender, to]).toEqual(["auth@shop.example", ["ada@example.com"]]);
      const names = raw
        .split("\r\n\r\n", 1)[0]
        ?.split("\r\n")
        .flatMap((line) => /^[\w-]+(?=:)/.exec(line) ?? []);
      expect(names?.map((name) => name.toLowerCase()).sort()).toEqual([
        "auto-submitted",
        "content-type",
        "date",
        "from",
        "message-id",
        "mime-version",
        "subject",
        "to",
        "x-auto-response-suppress",
      ]);
    },
  );

  it.each([
    "a@x.example,b@y.example",
    "a@x.example\r\nBcc: b@y.example",
    '"a@evil.example x"@good.example',
    "a@x.example <b@y.example>",
    "a:b:c:d@x.example;",
    `${"a".repeat(10_000)}@x.example`,
    "",
  ])("sends to nobody where an address is none: %j (case 21)", async (to) => {
    const refused = await refusal(send(smtp.url, { to }));
    expect(refused).toMatchObject({ failure: "recipient", isPermanent: true });
    expect(smtp.mails).toEqual([]);
  });

  it("reads no file and no URL that a mail names", async () => {
    await send(smtp.url, {
      html: '<img src="file:///etc/passwd"><img src="http://127.0.0.1:1/x">',
      text: "/etc/passwd",
    });
    expect(smtp.mails[0]?.raw).not.toContain("root:");
  });

  it("asks for TLS, and for a certificate that can be verified", async () => {
    for (const [port, failure] of [
      [smtp.port, "tls"],
      [secure.port, "tls"],
    ] as const) {
      const refused = await refusal(send(`smtp://localhost:${port}`));
      expect([refused.failure, refused.isPermanent, refused.isTransportDown]).toEqual([
        failure,
        false,
        true,
      ]);
      expect(refused.remedy).toContain("TLS");
    }
    expect(secure.mails).toEqual([]);
  });

  it("takes a refused login for the operator's mistake, and says whose without the password", async () => {
    const login = await startSmtp({
      onAuth: (_auth, _session, done) =>
        done(Object.assign(new Error("wrong-secret is wrong"), { responseCode: 535 })),
      allowInsecureAuth: true,
    });
    const refused = await refusal(send(`smtp://u:wrong-secret@127.0.0.1:${login.port}?tls=off`));
    expect(refused).toMatchObject({
      failure: "smtp login",
      isPermanent: false,
      isTransportDown: true,
    });
    expect(`${refused.remedy} ${refused.message}`).not.toContain("wrong-secret");
    expect(refused.remedy).toContain(`127.0.0.1:${login.port}`);
    await login.close();
  });

  it("says which mails cannot be sent at all, and which may be later", async () => {
    for (const [mode, failure, isPermanent] of [
      ["4xx", "smtp 451", false],
      ["5xx", "smtp 550", true],
      ["5xx after DATA", "smtp 554", true],
    ] as const) {
      smtp.mode = mode;
      const refused = await refusal(send(smtp.url));
      expect([mode, refused.failure, refused.isPermanent]).toEqual([mode, failure, isPermanent]);
      expect(refused.message).not.toContain("@");
    }
  });

  it.each([
    [550, "5.1.1 blocked users have no mailbox", true],
    [550, "5.2.1 mailbox disabled", true],
    [551, "not here", true],
    [553, "unknown", true],
    [550, "5.7.1 you are not wanted here", false],
    [550, "relay not permitted", false],
    [552, "5.2.2 mailbox full", false],
    [554, "5.7.1 relay access denied", false],
    [450, "4.1.1 try later", false],
  ])("takes `%i %s` for a bounce or not: %s (case 184)", async (responseCode, words, isBounce) => {
    const server = await startSmtp({
      onRcptTo: (_address, _session, done) =>
        done(Object.assign(new Error(words), { responseCode })),
    });
    const refused = await refusal(send(server.url));
    await server.close();
    expect(refused).toMatchObject({ failure: `smtp ${responseCode}`, isBounce });
  });

  it("keeps a connection for the next mail", async () => {
    const before = smtp.connections();
    const { transport } = openSender({ url: smtp.url, from });
    for (const id of ["1.a", "2.b", "3.c"])
      await transport.send({ ...mail, id }, AbortSignal.timeout(5_000));
    await transport.close();
    expect(smtp.connections() - before).toBe(1);
    expect(smtp.mails.map(({ raw }) => header(raw, "Message-ID"))).toEqual([
      "<1.a@shop.example>",
      "<2.b@shop.example>",
      "<3.c@shop.example>",
    ]);
  });
});

describe("a webhook", () => {
  const requests: { headers: IncomingHttpHeaders; body: string; path: string | undefined }[] = [];
  let status = 202;
  const server = createServer(async (request, response) => {
    requests.push({ headers: request.headers, body: await text(request), path: request.url });
    if (status === 0) return;
    response.writeHead(status, status === 307 ? { Location: "/elsewhere" } : {});
    response.end("ada@example.com is unknown here");
  });
  let url: string;
  beforeAll(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mail`;
  });
  afterEach(() => {
    status = 202;
    requests.length = 0;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it("is signed such that the standard's own library verifies it; a changed body does not verify", async () => {
    await send(url, {}, secret);
    const [{ headers, body } = { headers: {}, body: "" }] = requests;
    const webhook = new Webhook(secret);
    const signed = headers as Record<string, string>;
    expect(webhook.verify(body, signed)).toEqual({
      type: "mail.send",
      timestamp: mail.queuedAt,
      data: {
        project: "proj_shop",
        purpose: "recovery",
        from: { name: "The Shop", address: "auth@shop.example" },
        reply_to: null,
        to: "ada@example.com",
        subject: mail.subject,
        text: mail.text,
        html: mail.html,
        language: "en",
        link: mail.link,
        code: mail.code,
      },
    });
    expect(() => webhook.verify(body.replace("ada", "eve"), signed)).toThrow();
  });

  it("has the same id each time a mail is tried", async () => {
    status = 503;
    await refusal(send(url, {}, secret));
    status = 200;
    await send(url, {}, secret);
    expect(requests.map(({ headers }) => headers["webhook-id"])).toEqual([
      "msg_12.00112233aabbccdd",
      "msg_12.00112233aabbccdd",
    ]);
  });

  it.each([
    [400, true],
    [410, true],
    [422, true],
    [401, false],
    [404, false],
    [429, false],
    [500, false],
  ])("is refused by a %i; for good: %s", async (code, isPermanent) => {
    status = code;
    const refused = await refusal(send(url, {}, secret));
    expect(refused).toMatchObject({ failure: `http ${code}`, isPermanent });
    expect(refused.message).not.toContain("ada");
  });

  it("follows no redirect", async () => {
    status = 307;
    expect(await refusal(send(url, {}, secret))).toMatchObject({ failure: "http 307" });
    expect(requests.map(({ path }) => path)).toEqual(["/mail"]);
  });

  it("does not wait for ever", async () => {
    status = 0;
    const { transport } = openSender({ url, from, secret });
    const sent = transport.send(mail, AbortSignal.timeout(100));
    const refused = await refusal(whileCollecting(sent));
    expect(refused).toMatchObject({ failure: "timeout", isTransportDown: true });
  });

  it("needs a secret of 24 to 64 bytes", () => {
    for (const short of ["whsec_", "whsec_c2hvcnQ=", "not base64"]) {
      expect(() => openSender({ url, from, secret: short })).toThrow(RangeError);
    }
  });
});

describe("files", () => {
  it("are written whole, one a mail, for their owner alone; a mail that is tried again replaces itself", async () => {
    const parent = await mkdtemp(join(tmpdir(), "miosa-mail-"));
    const folder = join(parent, "mails");
    const url = pathToFileURL(folder).href;
    await send(url, { subject: "First" });
    await send(url, { subject: "Second" });
    expect(await readdir(folder)).toEqual([`${mail.id}.eml`]);
    const file = join(folder, `${mail.id}.eml`);
    expect(
      header(
        await readFile(file, "utf8").then((raw) => raw.replaceAll(/\r?\n/g, "\r\n")),
        "Subject",
      ),
    ).toBe("Second");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await rm(parent, { recursive: true });
  });

  it("that cannot be written hold all mail up, and say where", async () => {
    const refused = await refusal(send("file:///etc/passwd/mails"));
    expect(refused).toMatchObject({
      failure: "file ENOTDIR",
      isPermanent: false,
      isTransportDown: true,
    });
    expect(refused.remedy).toContain("/etc/passwd/mails");
  });
});

describe("the mailbox", () => {
  it("keeps the newest, each once", async () => {
    const mailbox = mailboxTransport(3);
    for (const id of ["1", "2", "3", "4", "3"])
      await mailbox.send({ ...mail, id }, AbortSignal.timeout(1));
    expect(mailbox.mails().map(({ id }) => id)).toEqual(["3", "4", "2"]);
    mailbox.clear("eve@example.com");
    expect(mailbox.mails()).toHaveLength(3);
    mailbox.clear(mail.to);
    expect(mailbox.mails()).toEqual([]);
  });
});
