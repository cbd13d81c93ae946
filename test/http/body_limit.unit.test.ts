import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type RunningServer, startServer } from "../../src/http/server.ts";
import { type RawReply, sendRaw } from "../support/raw_http.ts";
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
