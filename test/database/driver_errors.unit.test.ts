import { describe, expect, it } from "vitest";
import { DatabaseError, fromDriver } from "../../src/database/errors.ts";

/** What the driver throws of a server's answer, and of its own or the operating system's accord. */
function answered(code: string): Error {
  return Object.assign(new Error("the server's words"), { code, severity: "ERROR" });
}

function thrown(message: string, more: object = {}): Error {
  return Object.assign(new Error(message), more);
}

describe("what a driver throws", () => {
  it.each([
    ["a connection that was refused", answered("08001")],
    ["a connection that broke", answered("08006")],
    ["too many connections (case 192)", answered("53300")],
    ["a full disk (case 197)", answered("53100")],
    ["memory that is used up", answered("53200")],
    ["an I/O error", answered("58030")],
    ["a transaction that may only read (case 197)", answered("25006")],
    ["a shutdown by the administrator", answered("57P01")],
    ["a crash (case 186)", answered("57P02")],
    ["a server that starts", answered("57P03")],
    ["a refused port", thrown("connect ECONNREFUSED", { code: "ECONNREFUSED" })],
    ["a reset", thrown("read ECONNRESET", { code: "ECONNRESET", syscall: "read" })],
    ["a broken pipe", thrown("write EPIPE", { code: "EPIPE", syscall: "write" })],
    [
      "a name server that is away",
      thrown("EAI_AGAIN", { code: "EAI_AGAIN", syscall: "getaddrinfo" }),
    ],
    ["a certificate that is not trusted", thrown("x", { code: "ERR_TLS_CERT_ALTNAME_INVALID" })],
    ["a stream that is gone", thrown("write after end", { code: "ERR_STREAM_WRITE_AFTER_END" })],
    ["a deadline (case 189)", thrown("Query read timeout")],
    ["a wait for a connection", thrown("timeout exceeded when trying to connect")],
    ["a connection that ended", thrown("Connection terminated unexpectedly")],
  ])("is 503 with a time to wait for %s", (_, error) => {
    expect(fromDriver(error)).toMatchObject({
      code: "service_unavailable",
      status: 503,
      retryAfter: 1,
    });
  });

  it.each([
    ["a statement", "57014"],
    ["a lock", "55P03"],
    ["a transaction", "25P04"],
  ])("is 504 for the time limit of %s", (_, code) => {
    expect(fromDriver(answered(code))).toMatchObject({ code: "request_timeout", status: 504 });
  });

  it.each(["23505", "42883", "XX000", "EPIPE"])("is a failure of ours for %s", (code) => {
    expect(fromDriver(answered(code))).toBeInstanceOf(DatabaseError);
  });
});
