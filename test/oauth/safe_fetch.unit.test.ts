import { exportJWK, generateKeyPair } from "jose";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { isPublicAddress } from "../../src/oauth/public_address.ts";
import { openRemote } from "../../src/oauth/remote.ts";
import { safeFetch } from "../../src/oauth/safe_fetch.ts";
import { whileCollecting } from "../support/garbage.ts";
import {
  type Answer,
  type Asked,
  type Handling,
  serveJson,
  type TestServer,
} from "../support/idp/http_server.ts";

let server: TestServer;
let reply: (asked: Asked) => Handling = () => ({ body: {} });

beforeAll(async () => {
  server = await serveJson((asked) => reply(asked));
});
afterEach(() => {
  vi.restoreAllMocks();
  reply = () => ({ body: {} });
  server.asked.length = 0;
});
afterAll(() => server.close());

const rules = { allowPrivate: false, deadline: 5_000 };
const strict = safeFetch(rules);
const local = safeFetch({ allowPrivate: true, deadline: 5_000 });

describe("an address", () => {
  it("is public, or is not asked (case 85)", () => {
    const inner = [
      "127.0.0.1",
      "10.1.2.3",
      "172.16.0.1",
      "192.168.1.1",
      "169.254.169.254",
      "100.64.0.1",
      "0.0.0.0",
      "224.0.0.1",
      "255.255.255.255",
      "198.18.0.1",
      "192.0.2.1",
      "::1",
      "::",
      "fe80::1",
      "fc00::1",
      "fd00:ec2::254",
      "ff02::1",
      "::ffff:169.254.169.254",
      "::ffff:10.0.0.1",
      "64:ff9b::a9fe:a9fe",
      "2002:a9fe:a9fe::",
      "2001:db8::1",
      "::a9fe:a9fe",
      "4000::1",
      "not an address",
    ];
    expect(inner.filter(isPublicAddress)).toEqual([]);
    expect(["93.184.216.34", "2606:2800:220:1::1"].filter((one) => !isPublicAddress(one))).toEqual(
      [],
    );
  });
});

describe("a fetch of what somebody else chose", () => {
  it("speaks https alone, and to nobody at a private address (case 85)", async () => {
    const { port } = new URL(server.origin);
    const refused = [
      server.origin,
      "http://provider.example/",
      "file:///etc/passwd",
      "ftp://provider.example/",
      "data:application/json,{}",
      `https://127.0.0.1:${port}/`,
      `https://0x7f.1:${port}/`,
      `https://2130706433:${port}/`,
      `https://[::1]:${port}/`,
      `https://[::ffff:127.0.0.1]:${port}/`,
      "https://169.254.169.254/latest/meta-data/",
      "https://user:password@provider.example/",
    ];
    for (const url of refused) {
      await expect(strict(url), url).rejects.toThrow(
        / (is not https|is at a private address|holds credentials)$/,
      );
    }
    expect(server.asked).toEqual([]);
  });

  it("judges the address that it connects to, not one that was looked up before (case 85)", async () => {
    const { port } = new URL(server.origin);
    const [inner, outer] = [
      { address: "127.0.0.1", family: 4 },
      { address: "93.184.216.34", family: 4 },
    ];
    for (const addresses of [[inner], [outer, inner], [{ address: "::1", family: 6 }], []]) {
      const rebound = safeFetch({ ...rules, resolve: async () => addresses });
      await expect(rebound(`https://rebound.example:${port}/`)).rejects.toThrow(
        /^https:\/\/rebound\.example(:\d+)? is at a private address$/,
      );
    }
    expect(server.asked).toEqual([]);
  });

  it("where the operator admits private ones, speaks http on this machine alone", async () => {
    expect((await local(server.origin)).status).toBe(200);
    await expect(local("http://10.0.0.1/")).rejects.toThrow("is not https");
    await expect(local("http://provider.example/")).rejects.toThrow("is not https");
  });

  it("follows no redirect (case 85)", async () => {
    for (const Location of [
      `${server.origin}/secret`,
      "http://169.254.169.254/",
      "file:///etc/passwd",
    ]) {
      reply = () => ({ status: 302, headers: { Location } });
      expect((await local(`${server.origin}/start`)).status).toBe(302);
    }
    expect(new Set(server.asked)).toEqual(new Set(["/start"]));
  });

  it("reads no more than half a megabyte, announced or not, and nothing compressed (case 85)", async () => {
    const huge = Buffer.alloc(50 * 1024 * 1024, 0x20);
    reply = () => ({ body: huge, headers: { "Content-Length": String(huge.length) } });
    await expect(local(server.origin)).rejects.toThrow("answers with too much");
    reply = () => ({ body: huge, headers: { "Transfer-Encoding": "chunked" } });
    await expect(local(server.origin)).rejects.toThrow("answers with too much");
    reply = () => ({ headers: { "Content-Encoding": "gzip" }, body: {} });
    await expect(local(server.origin)).rejects.toThrow("answers compressed");
    reply = () => ({ body: Buffer.alloc(512 * 1024, 0x20) });
    expect((await (await local(server.origin)).arrayBuffer()).byteLength).toBe(512 * 1024);
  });

  it("waits no longer than its deadline, for the first byte and for the last (case 85)", async () => {
    expect(openRemote().deadline).toBe(5_000);
    const hasty = safeFetch({ allowPrivate: true, deadline: 100 });
    for (const handling of ["hang", "stall"] as const) {
      reply = () => handling;
      // On Node 20 a signal that nobody holds is collected, and its deadline never comes.
      await expect(whileCollecting(hasty(server.origin)), handling).rejects.toThrow();
    }
    expect(server.asked).toHaveLength(2);
  });
});

describe("the metadata of a provider", () => {
  const metadata = (more: object = {}) => ({
    issuer: server.origin,
    authorization_endpoint: `${server.origin}/authorize`,
    token_endpoint: `${server.origin}/token`,
    jwks_uri: `${server.origin}/jwks`,
    ...more,
  });
  const read = () => openRemote({ allowPrivate: true }).discover(server.origin);

  it("are of the issuer to the letter (case 86)", async () => {
    reply = () => ({ body: metadata() });
    expect(await read()).toMatchObject({ issuer: server.origin });
    for (const issuer of ["https://evil.example", `${server.origin}/`, undefined, 7]) {
      reply = () => ({ body: metadata({ issuer }) });
      await expect(read()).rejects.toThrow();
    }
  });

  it("name endpoints that could be asked, wherever they are (case 86)", async () => {
    reply = () => ({ body: metadata({ token_endpoint: "https://elsewhere.example/token" }) });
    expect(await read()).toMatchObject({ token_endpoint: "https://elsewhere.example/token" });
    const names = ["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"];
    for (const name of names) {
      for (const url of [
        "http://elsewhere.example/x",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "x",
      ]) {
        reply = () => ({ body: metadata({ [name]: url }) });
        await expect(read(), `${name} ${url}`).rejects.toThrow();
      }
    }
  });

  it("are not those of a redirect, of a refusal, or of no document (case 85)", async () => {
    const wrong: Answer[] = [
      { status: 302, headers: { Location: `${server.origin}/other` }, body: metadata() },
      { status: 500, body: metadata() },
      { body: Buffer.from("<html>") },
      { body: [] },
      {},
    ];
    for (const answer of wrong) {
      reply = () => answer;
      await expect(read()).rejects.toThrow();
    }
    expect(server.asked).not.toContain("/other");
  });

  it("are asked for once by all who need them, and go on being used while it is away", async () => {
    const remote = openRemote({ allowPrivate: true });
    reply = () => ({ body: metadata() });
    await Promise.all(Array.from({ length: 10 }, () => remote.discover(server.origin)));
    expect(server.asked).toHaveLength(1);

    reply = () => ({ status: 503 });
    const later = performance.now() + 3_601_000;
    vi.spyOn(performance, "now").mockImplementation(() => later);
    for (let n = 0; n < 10; n += 1) {
      expect(await remote.discover(server.origin)).toMatchObject({ issuer: server.origin });
    }
    expect(server.asked).toHaveLength(2);
  });
});

describe("the keys of a provider", () => {
  const ask = async (remote: ReturnType<typeof openRemote>, kid: string) =>
    remote.keys(`${server.origin}/jwks`)({ alg: "RS256", kid }, { payload: "", signature: "" });

  /** A set in which the key `a` is. */
  async function keySet() {
    const { publicKey } = await generateKeyPair("RS256");
    return { keys: [{ ...(await exportJWK(publicKey)), kid: "a", alg: "RS256" }] };
  }

  it("are fetched once by ten who need them, and not again for each unknown one (case 85)", async () => {
    const remote = openRemote({ allowPrivate: true });
    reply = () => ({ body: { keys: [] } });
    await Promise.allSettled(Array.from({ length: 10 }, (_, n) => ask(remote, `a${n}`)));
    expect(server.asked).toHaveLength(1);
    for (let n = 0; n < 100; n += 1) await expect(ask(remote, `b${n}`)).rejects.toThrow();
    expect(server.asked).toHaveLength(1);
  });

  it("are not fetched by a redirect, nor when they are too many or late (case 85)", async () => {
    const keys = await keySet();
    const right = { body: keys };
    reply = () => right;
    expect(await ask(openRemote({ allowPrivate: true }), "a")).toMatchObject({ type: "public" });

    const padded = Buffer.from(JSON.stringify(keys).padEnd(1024 * 1024));
    const wrong: [RegExp, (asked: Asked) => Handling, number?][] = [
      [
        /answered with 302$/,
        ({ path }) =>
          path === "/jwks" ? { status: 302, headers: { Location: `${server.origin}/led` } } : right,
      ],
      [/answered with 404$/, () => ({ status: 404, ...right })],
      [/answers with too much$/, () => ({ body: padded })],
      [/timed out|aborted/, () => "hang", 100],
      [/timed out|aborted/, () => "stall", 100],
    ];
    for (const [refusal, answer, deadline = 5_000] of wrong) {
      reply = answer;
      const remote = openRemote({ allowPrivate: true, deadline });
      await expect(ask(remote, "a")).rejects.toThrow(refusal);
    }
    expect(server.asked).not.toContain("/led");
  });
});
