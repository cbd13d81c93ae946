import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { request as send } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startFakeProvider } from "../../src/development/fake_provider/start.ts";
import { type Development, startDevelopment } from "../../src/development/start.ts";
import { type Running, runCli, startCommand } from "../support/cli.ts";

const appUrl = "http://localhost:3000/";
let development: Development;
let authUrl: string;

beforeAll(async () => {
  development = await startDevelopment({
    dataDir: undefined,
    port: 0,
    projectId: "proj_demo",
    fakeProvider: true,
  });
  authUrl = development.environment.AUTH_URL;
}, 90_000);
afterAll(() => development?.close());

interface Arrived {
  readonly url: URL;
  readonly cookie: string;
}

/** Where `/authorize` leads a browser to, and what it keeps. */
async function arrive(at = authUrl): Promise<Arrived> {
  const query = new URLSearchParams({ provider: "fake", redirect_to: appUrl });
  const reply = await fetch(`${at}/authorize?${query}`, { redirect: "manual" });
  const [cookie = ""] = (reply.headers.get("Set-Cookie") ?? "").split(";");
  return { url: new URL(reply.headers.get("Location") ?? "x:"), cookie };
}

function fill(
  { origin, searchParams }: URL,
  fields: Record<string, string>,
  headers: Record<string, string> = { Origin: origin },
): Promise<Response> {
  return fetch(`${origin}/authorize`, {
    method: "POST",
    headers,
    body: new URLSearchParams({ request: String(searchParams), answer: "allow", ...fields }),
    redirect: "manual",
  });
}

/** Plays somebody, and is led to the app. */
async function signIn(fields: Record<string, string>, at = authUrl) {
  const { url, cookie } = await arrive(at);
  const back = (await fill(url, fields)).headers.get("Location") ?? "";
  const led = await fetch(back, { headers: { Cookie: cookie }, redirect: "manual" });
  const { searchParams, hash } = new URL(led.headers.get("Location") ?? "x:");
  const fragment = new URLSearchParams(hash.slice(1));
  const error = searchParams.get("error_code");
  const token = fragment.get("access_token");
  return { error, claims: token ? decodeJwt(token) : {} };
}

describe("the fake provider of dev", () => {
  it("lets a developer be several people, each the same again the next time", async () => {
    const ada = await signIn({ email: "ada@example.com", verified: "yes", name: "Ada" });
    const bo = await signIn({ email: "bo@example.com", verified: "yes" });
    const again = await signIn({ email: "Ada@example.com", verified: "yes" });
    expect(ada.claims).toMatchObject({
      email: "ada@example.com",
      user_metadata: { name: "Ada" },
      app_metadata: { provider: "fake" },
    });
    expect(bo.claims.sub).not.toBe(ada.claims.sub);
    expect(again.claims.sub).toBe(ada.claims.sub);
  });

  it("plays somebody whose address it has not verified, who has none, or who was given another's", async () => {
    const email = "cy@example.com";
    const cy = await signIn({ email, verified: "yes" });
    const unproved = await signIn({ email, sub: "somebody-else" });
    expect(unproved.claims.sub).not.toBe(cy.claims.sub);
    expect(unproved.claims.email ?? "").toBe("");
    const nameless = await signIn({ sub: "no-address" });
    expect(nameless.claims.email ?? "").toBe("");
    const moved = await signIn({ email: "cy.new@example.com", verified: "yes", sub: "no-address" });
    expect(moved.claims.sub).toBe(nameless.claims.sub);
    const heir = await signIn({ email, verified: "yes", sub: "the-next-holder" });
    // Proved on both sides, and so one account.
    expect(heir.claims.sub).toBe(cy.claims.sub);
  });

  it("says no for who presses Refuse, and asks again of who typed nothing", async () => {
    expect((await signIn({ answer: "deny" })).error).toBe("bad_oauth_callback");
    const { url } = await arrive();
    const page = await fill(url, { email: " " });
    expect([page.status, await page.text()]).toEqual([
      400,
      expect.stringContaining("Type an address or a subject."),
    ]);
  });

  it("answers no page that had its name point to this machine, and takes no form but its own", async () => {
    const { url } = await arrive();
    const underName = await new Promise<number | undefined>((resolve, reject) => {
      const { port, pathname, search } = url;
      const headers = { Host: `evil.example:${port}` };
      send({ host: "127.0.0.1", port, path: pathname + search, headers }, (reply) => {
        reply.resume();
        resolve(reply.statusCode);
      })
        .on("error", reject)
        .end();
    });
    expect(underName).toBe(403);
    const fields = { email: "victim@example.com", verified: "yes" };
    expect((await fill(url, fields, {})).status).toBe(403);
    for (const Origin of ["https://evil.example", "null"]) {
      expect((await fill(url, fields, { Origin })).status).toBe(403);
    }
    const page = await fetch(url);
    expect(page.headers.get("Content-Security-Policy")).toMatch(
      /^default-src 'none'; style-src 's/,
    );
  });

  it("sends nobody but to the project, and escapes what it was asked with", async () => {
    const { url } = await arrive();
    const attack = `"><script>alert(1)</script>`;
    for (const [name, value] of [
      ["redirect_uri", "https://evil.example/callback"],
      ["client_id", "another"],
      ["response_type", "token"],
      ["code_challenge_method", "plain"],
      ["code_challenge", ""],
    ] as const) {
      const wrong = new URL(url);
      wrong.searchParams.set(name, value);
      expect([name, (await fetch(wrong)).status]).toEqual([name, 400]);
      const sent = await fill(wrong, { email: "ada@example.com" });
      expect([name, sent.status, sent.headers.get("Location")]).toEqual([name, 400, null]);
    }
    url.searchParams.set("login_hint", attack);
    const html = await (await fetch(url)).text();
    expect(html).not.toContain("<script");
    expect(html).toContain("alert(1)");
  });

  it("exchanges a code once, for the project's secret and the verifier", async () => {
    const redirectUri = "http://localhost:1/proj_demo/callback";
    const provider = await startFakeProvider({ port: 0, redirectUri });
    const verifier = randomBytes(32).toString("base64url");
    const url = new URL(`${provider.issuer}/authorize`);
    url.search = String(
      new URLSearchParams({
        client_id: provider.clientId,
        redirect_uri: redirectUri,
        response_type: "code",
        state: "state",
        nonce: "nonce",
        code_challenge: createHash("sha256").update(verifier).digest("base64url"),
        code_challenge_method: "S256",
      }),
    );
    const newCode = async () => {
      const back = await fill(url, { email: "ada@example.com", verified: "yes" });
      const answer = new URL(back.headers.get("Location") ?? "").searchParams;
      expect([answer.get("state"), answer.get("iss")]).toEqual(["state", provider.issuer]);
      return answer.get("code") ?? "";
    };
    const exchange = async (code: string, wrong: Record<string, string> = {}) => {
      const body = new URLSearchParams({
        grant_type: "authorization_code",
        code,
        client_id: provider.clientId,
        client_secret: provider.clientSecret,
        code_verifier: verifier,
        redirect_uri: redirectUri,
        ...wrong,
      });
      const reply = await fetch(`${provider.issuer}/token`, { method: "POST", body });
      return (await reply.json()) as Record<string, string>;
    };
    for (const [wrong, error] of [
      [{ client_secret: "guessed" }, "invalid_client"],
      [{ client_id: "another" }, "invalid_client"],
      [{ grant_type: "password" }, "unsupported_grant_type"],
      [{ code_verifier: "x".repeat(43) }, "invalid_grant"],
      [{ redirect_uri: "http://localhost:1/" }, "invalid_grant"],
    ] as const) {
      expect(await exchange(await newCode(), wrong)).toEqual({ error });
    }
    const code = await newCode();
    const { id_token = "", access_token } = await exchange(code);
    expect(decodeJwt(id_token)).toMatchObject({
      iss: provider.issuer,
      aud: provider.clientId,
      nonce: "nonce",
      email: "ada@example.com",
      email_verified: true,
    });
    expect(await exchange(code)).toEqual({ error: "invalid_grant" });
    const userinfo = async (token: string) => {
      const headers = { Authorization: `Bearer ${token}` };
      return (await fetch(`${provider.issuer}/userinfo`, { headers })).json();
    };
    expect(await userinfo(String(access_token))).toMatchObject({ email: "ada@example.com" });
    expect(await userinfo("another")).toEqual({ error: "invalid_token" });
    await provider.close();
  });
});

describe("dev --with-fake-idp", { timeout: 90_000 }, () => {
  const started: Running<string>[] = [];
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "miosa-fake-"));
  });
  afterAll(async () => {
    await Promise.all(started.map((process) => process.stop()));
    await rm(folder, { recursive: true, force: true });
  });

  async function dev(args: string[]) {
    const command = [
      "dist/cli/main.js",
      "dev",
      "--database-port",
      "off",
      "--data",
      folder,
      ...args,
    ];
    const process_ = await startCommand(process.execPath, command, /^Its mail .*\n(Sign in.*\n)?/m);
    started.push(process_);
    return process_;
  }

  it("prints where to sign in as anybody, keeps who that was, and is gone when it is not asked for", async () => {
    const port = await freePort();
    const at = `http://localhost:${port}/proj_demo`;
    const buttons = async () =>
      [...(await (await fetch(`${at}/sign-in`)).text()).matchAll(/>Continue with (\w+)</g)].map(
        ([, name]) => name,
      );
    const first = await dev(["--port", port, "--with-fake-idp"]);
    expect(first.printed).toContain(
      `Sign in as anybody, by the provider "fake": http://localhost:${port}/proj_demo/sign-in`,
    );
    expect(await buttons()).toEqual(["fake"]);
    expect((await arrive(at)).url.origin).toBe(`http://127.0.0.1:${Number(port) + 1}`);
    const ada = await signIn({ sub: "ada" }, at);
    expect(ada.claims.sub).toBeTruthy();
    await first.stop("SIGTERM");

    const second = await dev(["--port", port, "--with-fake-idp"]);
    expect((await signIn({ sub: "ada" }, at)).claims.sub).toBe(ada.claims.sub);
    await second.stop("SIGTERM");

    const third = await dev(["--port", port]);
    expect(third.printed).not.toContain("Sign in as anybody");
    expect(await buttons()).toEqual([]);
    await third.stop("SIGTERM");
  });

  it("says which port it needs when another has it, and is no option of serve", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    const args = ["dev", "--data", "memory", "--database-port", "off", "--port", `${port - 1}`];
    const { code, stderr } = await runCli(args, { MIOSA_AUTH_WITH_FAKE_IDP: "1" });
    server.close();
    expect([code, stderr]).toEqual([
      1,
      `error: Port ${port}, the one after the service's own, is in use, and the fake provider needs it; choose others with --port\n`,
    ]);
    const serve = await runCli(["serve", "--with-fake-idp", "--database", "postgres://x"]);
    expect([serve.code, serve.stderr]).toEqual([2, expect.stringContaining("unknown option")]);
  });
});

/** One that is free, as is the next. */
async function freePort(): Promise<string> {
  for (;;) {
    const first = createServer().listen(0, "127.0.0.1");
    await once(first, "listening");
    const { port } = first.address() as AddressInfo;
    const second = createServer();
    const isNextFree = await new Promise((resolve) => {
      second.once("error", () => resolve(false));
      second.listen(port + 1, "127.0.0.1", () => resolve(true));
    });
    await Promise.all(
      [first, second].filter(({ listening }) => listening).map((s) => once(s.close(), "close")),
    );
    if (isNextFree) return String(port);
  }
}
