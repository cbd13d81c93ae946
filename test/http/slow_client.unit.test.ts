import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningServer, startServer } from "../../src/http/server.ts";
import { openSocket, readReply } from "../support/raw_http.ts";
import { stubService } from "../support/stub_database.ts";

const service = stubService();
let server: RunningServer;

beforeAll(async () => {
  server = await startServer({
    fetch: service.auth.fetch,
    host: "127.0.0.1",
    port: 0,
    limits: {
      headersTimeout: 1_000,
      requestTimeout: 2_000,
      keepAliveTimeout: 500,
      connectionsCheckingInterval: 100,
    },
  });
});
afterAll(async () => {
  await server.close(0);
  await service.auth.close();
});

/** Sends one byte now and then until the server has enough; gives the reply it closed with. */
async function trickle(start: string, endless: string) {
  const socket = await openSocket(server.port);
  const reply = readReply(socket);
  socket.write(start);
  const drip = setInterval(() => socket.writable && socket.write(endless), 20);
  const answer = await reply;
  clearInterval(drip);
  socket.destroy();
  return answer;
}

// All at once, since each of them is a wait.
describe.concurrent("a client that sends a byte now and then (case 151)", () => {
  it("is closed upon in its headers", async () => {
    const { status } = await trickle("GET /health HTTP/1.1\r\nHost: auth.test\r\nX-Slow: ", "a");
    expect(status).toBe(408);
  });

  it("is closed upon in its body, and no SQL function was called for it", async () => {
    const { status } = await trickle(
      "POST /proj_stub/signup HTTP/1.1\r\nHost: auth.test\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n",
      " ",
    );
    expect(status).toBe(408);
    expect(service.calls).not.toContain("signup");
  });

  it("is closed upon in its chunks, before its project is looked up", async () => {
    const { status } = await trickle(
      "POST /proj_none/signup HTTP/1.1\r\nHost: auth.test\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
      "1\r\n \r\n",
    );
    expect(status).toBe(408);
  });

  it("is closed upon when it stays idle after a reply", async () => {
    const socket = await openSocket(server.port);
    const closed = new Promise((resolve) => socket.once("close", () => resolve("closed")));
    socket.write("GET /health HTTP/1.1\r\nHost: auth.test\r\n\r\n");
    expect((await readReply(socket)).status).toBe(200);
    expect(await closed).toBe("closed");
  });

  it("is closed upon when it says nothing at all", async () => {
    expect((await trickle("", "")).status).toBe(408);
  });

  it("keeps nobody else waiting", async () => {
    const slow = await Promise.all(Array.from({ length: 200 }, () => openSocket(server.port)));
    const inBody =
      "POST /proj_stub/signup HTTP/1.1\r\nHost: auth.test\r\nContent-Length: 9\r\n\r\n{";
    for (const [n, socket] of slow.entries()) {
      socket.write(n % 2 ? inBody : "GET /health HTTP/1.1\r\nX-Slow: ");
    }
    const reply = await fetch(`http://127.0.0.1:${server.port}/health`);
    expect(reply.status).toBe(200);
    for (const socket of slow) socket.destroy();
  });
});
