import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { type RunningServer, startServer } from "../../src/http/server.ts";
import { openSocket, readReply } from "../support/raw_http.ts";
import { stubService } from "../support/stub_database.ts";

const service = stubService();
const get = `GET /proj_stub/user HTTP/1.1\r\nHost: auth.test\r\nAuthorization: Bearer ${service.token}\r\n\r\n`;
let server: RunningServer;
/** Lets the calls that wait in the database go on. */
let finish: () => void;
/** Resolves when a call has arrived there. */
let arrived: Promise<void>;

beforeEach(async () => {
  server = await startServer({ fetch: service.auth.fetch, host: "127.0.0.1", port: 0 });
  const wait = new Promise<void>((resolve) => {
    finish = resolve;
  });
  arrived = new Promise((resolve) => {
    service.answer("get_user", async () => {
      resolve();
      await wait;
      return { outcome: null, user: { id: "the user" } };
    });
  });
});
afterEach(async () => {
  finish();
  await server.close(0);
});
afterAll(() => service.auth.close());

async function ask(text: string) {
  const socket = await openSocket(server.port);
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.write(text);
  return { reply: readReply(socket), closed, socket };
}

describe("a server that closes (case 194)", () => {
  it("finishes the requests in flight, and refuses new connections meanwhile", async () => {
    const inFlight = await ask(get);
    await arrived;
    const closing = server.close();
    await expect(openSocket(server.port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    finish();
    const { status, head } = await inFlight.reply;
    expect(status).toBe(200);
    expect(head).toMatch(/^connection: close$/im);
    await inFlight.closed;
    await closing;
  });

  it("closes what is idle at once", async () => {
    const idle = await ask("GET /health HTTP/1.1\r\nHost: auth.test\r\n\r\n");
    expect((await idle.reply).head).toMatch(/^connection: keep-alive$/im);
    await server.close();
    await idle.closed;
  });

  it("waits no longer than it was told to", async () => {
    const stuck = await ask(get);
    await arrived;
    await server.close(50);
    await stuck.closed;
    expect((await stuck.reply).status).toBe(0);
  });

  it("sends clients elsewhere while it drains, and goes on serving", async () => {
    server.drain();
    finish();
    for (let i = 0; i < 2; i += 1) {
      const { reply, closed } = await ask(get);
      const { status, head } = await reply;
      expect(status).toBe(200);
      expect(head).toMatch(/^connection: close$/im);
      await closed;
    }
  });

  it("cannot have an address that is taken", async () => {
    const second = startServer({ fetch: service.auth.fetch, host: "127.0.0.1", port: server.port });
    await expect(second).rejects.toMatchObject({ code: "EADDRINUSE" });
  });
});

describe("a service that drains (case 194)", () => {
  it("is no longer ready, is still alive, and still serves", async () => {
    const own = stubService();
    const status = async (path: string) => (await own.auth.fetch(new Request(path))).status;
    expect(await status("http://auth.test/health/ready")).toBe(200);
    own.auth.drain();
    expect(await status("http://auth.test/health/ready")).toBe(503);
    expect(await status(`${own.authUrl}/health/ready`)).toBe(503);
    expect(await status("http://auth.test/health/live")).toBe(200);
    expect(await status(`${own.authUrl}/settings`)).toBe(200);
    await own.auth.close();
  });
});
