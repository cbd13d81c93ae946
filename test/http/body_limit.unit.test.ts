import { once } from "node:events";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type RunningServer, startServer } from "../../src/http/server.ts";
import { openSocket, type RawReply, readReply, sendRaw } from "../support/raw_http.ts";
import { routeTable } from "../support/routes.ts";
import { stubService } from "../support/stub_database.ts";

const service = stubService();
const mebibyte = 1024 * 1024;
let server: RunningServer;

beforeAll(async () => {
  server = await startServer({ fetch: service.auth.fetch, host: "127.0.0.1", port: 0 });
});
beforeEach(() => {
  service.calls.length = 0;
});
afterAll(async () => {
  await server.close(0);
  await service.auth.close();
});

function head(line: string, ...headers: string[]): string {
  return [line, "Host: auth.test", ...headers, "", ""].join("\r\n");
}

const signup = "POST /proj_stub/signup HTTP/1.1";
const json = "Content-Type: application/json";

function errorCode(reply: RawReply): unknown {
  return JSON.parse(reply.body).error_code;
}

function chunked(bytes: number): Buffer[] {
  const piece = Buffer.alloc(64 * 1024, "a");
  const framed = Buffer.concat([Buffer.from("10000\r\n"), piece, Buffer.from("\r\n")]);
  return [...Array.from({ length: bytes / piece.length }, () => framed), Buffer.from("0\r\n\r\n")];
}

describe("a body that is too large (case 150)", () => {
  it("is refused by its announced length, before any of it is read", async () => {
    const announced = head(signup, json, `Content-Length: ${11 * mebibyte}`);
    const reply = await sendRaw(server.port, announced);
    expect([reply.status, errorCode(reply)]).toEqual([413, "request_entity_too_large"]);
    expect(service.calls).toEqual([]);
  });

  it("is refused while it arrives, when its length was not announced", async () => {
    const start = head(signup, json, "Transfer-Encoding: chunked");
    const reply = await sendRaw(server.port, start, ...chunked(11 * mebibyte));
    expect([reply.status, errorCode(reply)]).toEqual([413, "request_entity_too_large"]);
    expect(service.calls).toEqual([]);
  });

  it("is refused where no body is wanted, too", async () => {
    for (const line of ["GET /proj_stub/user HTTP/1.1", "GET /health HTTP/1.1"]) {
      const reply = await sendRaw(server.port, head(line, `Content-Length: ${11 * mebibyte}`));
      expect([reply.status, errorCode(reply)]).toEqual([413, "request_entity_too_large"]);
    }
    const endless = head("GET /proj_stub/user HTTP/1.1", "Transfer-Encoding: chunked");
    const reply = await sendRaw(server.port, endless, ...chunked(mebibyte));
    expect([reply.status, errorCode(reply)]).toEqual([400, "validation_failed"]);
    expect(service.calls).toEqual([]);
  });

  it("is refused by every route alike, and none reaches the database", async () => {
    for (const { method, path } of [...routeTable(), { method: "POST", path: "/nothing-here" }]) {
      const line = `${method} /proj_stub${path} HTTP/1.1`;
      const reply = await sendRaw(server.port, head(line, `Content-Length: ${11 * mebibyte}`));
      expect([line, reply.status, errorCode(reply)]).toEqual([
        line,
        413,
        "request_entity_too_large",
      ]);
    }
    expect(service.calls).toEqual([]);
  });

  it("is not read on when it has no end, whatever its project", async () => {
    const socket = await openSocket(server.port);
    let answer: RawReply | undefined;
    const reply = readReply(socket).then((whole) => {
      answer = whole;
    });
    socket.write(head("POST /proj_none/signup HTTP/1.1", json, "Transfer-Encoding: chunked"));
    const [piece] = chunked(mebibyte) as [Buffer];
    // Far more than the limit and what the sockets' buffers hold.
    for (let sent = 0; !answer && sent < 64 * mebibyte; sent += piece.length) {
      if (!socket.write(piece)) await Promise.race([once(socket, "drain"), reply]);
    }
    expect(answer?.status).toBe(413);
    socket.destroy();
  });

  it("is admitted up to the limit, to the byte", async () => {
    const padded = (size: number) => `{"email":"x"${" ".repeat(size - 13)}}`;
    const statuses = [];
    for (const size of [mebibyte, mebibyte + 1]) {
      const start = head(signup, json, `Content-Length: ${size}`);
      statuses.push((await sendRaw(server.port, start, padded(size))).status);
    }
    expect(statuses).toEqual([400, 413]);
  });
});

describe("a body whose framing lies (case 150)", () => {
  it("is cut at its announced length, and the rest is no request", async () => {
    const start = head(signup, json, "Content-Length: 10");
    const reply = await sendRaw(server.port, start, '{"email":"ada@example.com"}');
    expect(reply.status).toBe(400);
    expect(service.calls).not.toContain("signup");
  });

  it("with both a length and chunks is refused", async () => {
    const start = head(signup, json, "Content-Length: 5", "Transfer-Encoding: chunked");
    const reply = await sendRaw(server.port, start, "0\r\n\r\nGET /health HTTP/1.1\r\n\r\n");
    expect(reply.status).toBe(400);
    expect(reply.head).toMatch(/^connection: close$/im);
    expect(service.calls).toEqual([]);
  });
});

describe("a body whose framing has two readings (case 150)", () => {
  it.each([
    ["two lengths that differ", ["Content-Length: 2", "Content-Length: 3"]],
    ["a length with a sign", ["Content-Length: +2"]],
    ["a negative length", ["Content-Length: -1"]],
    ["a length with an exponent", ["Content-Length: 2e0"]],
    ["a length in hexadecimal", ["Content-Length: 0x2"]],
    ["a list of lengths", ["Content-Length: 2, 2"]],
    ["an unknown coding", ["Transfer-Encoding: xchunked"]],
    ["chunks that are not the last coding", ["Transfer-Encoding: chunked, identity"]],
    ["a blank before the colon", ["Transfer-Encoding : chunked"]],
    ["a folded line", ["Content-Length: 2", "X-Folded: a", " b"]],
  ])("is refused, and asks the database nothing: %s", async (_, framing) => {
    const reply = await sendRaw(server.port, head(signup, json, ...framing), "{}");
    expect([reply.status, service.calls]).toEqual([400, []]);
  });

  it("is refused where a chunk is none", async () => {
    for (const chunk of ["zz\r\n{}\r\n", "-2\r\n{}\r\n", "ffffffffffffffffff\r\n", "2\r\n{}more"]) {
      const start = head(signup, json, "Transfer-Encoding: chunked");
      const { status } = await sendRaw(server.port, start, `${chunk}0\r\n\r\n`);
      expect([chunk, status, service.calls]).toEqual([chunk, 400, []]);
    }
  });
});

describe("a compressed body (case 150)", () => {
  it("is refused as such, and never unpacked", async () => {
    const bomb = gzipSync(Buffer.alloc(10 * mebibyte, " "));
    const start = head(signup, json, "Content-Encoding: gzip", `Content-Length: ${bomb.length}`);
    const reply = await sendRaw(server.port, start, bomb);
    expect(reply.status).toBe(400);
    expect(JSON.parse(reply.body).msg).toContain("Content-Encoding");
    expect(service.calls).toEqual([]);
  });
});
