import { describe, expect, it } from "vitest";
import { clientAddressReader } from "../../src/http/client_address.ts";

const direct = clientAddressReader();
const proxied = clientAddressReader({
  trustedProxies: ["10.0.0.0/8", "2001:db8:1::/48", "loopback"],
});

function forwarded(...values: string[]): Headers {
  const headers = new Headers();
  for (const value of values) headers.append("x-forwarded-for", value);
  return headers;
}

describe("clientAddressReader", () => {
  it("case 16: ignores X-Forwarded-For unless the peer is a trusted proxy", () => {
    for (const value of ["1.2.3.4", "127.0.0.1", "::1", "garbage"]) {
      expect(direct("192.0.2.1", forwarded(value))).toBe("192.0.2.1");
      expect(direct("127.0.0.1", forwarded(value))).toBe("127.0.0.1");
      expect(proxied("192.0.2.1", forwarded(value))).toBe("192.0.2.1");
    }
  });

  it("case 16: a client behind a proxy changes nothing by writing the header itself", () => {
    for (const spoof of ["6.6.6.1", "6.6.6.2", "10.0.0.9", "garbage", ",,,"]) {
      expect(proxied("10.0.0.1", forwarded(`${spoof}, 192.0.2.1`))).toBe("192.0.2.1");
      expect(proxied("10.0.0.1", forwarded(spoof, "192.0.2.1"))).toBe("192.0.2.1");
    }
  });

  it("case 16: reads no other header, whoever sends it", () => {
    const others = new Headers(
      [
        "Forwarded",
        "X-Forwarded",
        "X-Real-IP",
        "X-Client-IP",
        "CF-Connecting-IP",
        "True-Client-IP",
        "X-Original-Forwarded-For",
      ].map((name): [string, string] => [name, name === "Forwarded" ? "for=6.6.6.6" : "6.6.6.6"]),
    );
    expect(direct("192.0.2.1", others)).toBe("192.0.2.1");
    expect(proxied("10.0.0.1", others)).toBe("10.0.0.1");
  });

  it("reads through several trusted proxies, up to the first address that is none", () => {
    expect(proxied("127.0.0.1", forwarded("192.0.2.1, 2001:db8:1::5, 10.1.2.3"))).toBe("192.0.2.1");
    expect(proxied("127.0.0.1", forwarded("10.0.0.8, 10.0.0.9"))).toBe("10.0.0.8");
    expect(proxied("10.0.0.1", new Headers())).toBe("10.0.0.1");
  });

  it.each([
    ["2001:DB8:2:0:0:0:0:1", "2001:db8:2::1"],
    ["2001:0db8:0002::0001", "2001:db8:2::1"],
    ["2001:db8:2::1", "2001:db8:2::1"],
    ["[2001:db8:2::1]", "2001:db8:2::1"],
    ["[2001:db8:2::1]:4711", "2001:db8:2::1"],
    ["fe80::1%eth0", "fe80::1"],
    ["::ffff:1.2.3.4", "1.2.3.4"],
    ["::FFFF:1.2.3.4", "1.2.3.4"],
    ["::ffff:0102:0304", "1.2.3.4"],
    ["::ffff:102:304", "1.2.3.4"],
    ["0:0:0:0:0:ffff:0102:0304", "1.2.3.4"],
    ["0000:0000:0000:0000:0000:FFFF:1.2.3.4", "1.2.3.4"],
    ["::ffff:255.0.0.1", "255.0.0.1"],
    ["1.2.3.4", "1.2.3.4"],
    ["1.2.3.4:4711", "1.2.3.4"],
    ["::1", "::1"],
    ["::", "::"],
  ])("case 16: has one spelling for %s, from the socket and from the header", (text, canonical) => {
    expect(direct(text, new Headers())).toBe(canonical);
    expect(proxied("10.0.0.1", forwarded(text))).toBe(canonical);
  });

  it("case 16: knows a trusted proxy in every spelling", () => {
    for (const peer of [
      "10.0.0.1",
      "::ffff:10.0.0.1",
      "::ffff:0a00:0001",
      "2001:DB8:1:0::9",
      "::1",
    ]) {
      expect(proxied(peer, forwarded("192.0.2.1"))).toBe("192.0.2.1");
    }
  });

  it.each([
    "unknown",
    "",
    "256.1.1.1",
    "01.2.3.4",
    "1.2.3",
    "16909060",
    "0x01020304",
    "1.2.3.4%eth0",
    "1.2.3.4:99999999",
    "[1.2.3.4",
    ":::1",
    "2001:db8::1::2",
    "_hidden",
    "example.org",
    "1.2.3.4/8",
    "x".repeat(10_000),
  ])("answers with the last trustworthy hop when a trusted proxy reports %j", (garbage) => {
    expect(proxied("10.0.0.1", forwarded(garbage))).toBe("10.0.0.1");
    expect(proxied("10.0.0.1", forwarded(`192.0.2.1, ${garbage}, 10.0.0.2`))).toBe("10.0.0.2");
  });

  it("answers undefined when the socket has no address, whatever the header says", () => {
    for (const peer of [undefined, "", "@", "/run/auth.sock"]) {
      expect(proxied(peer, forwarded("192.0.2.1"))).toBeUndefined();
    }
  });

  it("refuses a configuration it does not understand", () => {
    for (const proxy of ["example.org", "10.0.0.0/33", "*", ""]) {
      expect(() => clientAddressReader({ trustedProxies: [proxy] })).toThrow(TypeError);
    }
  });

  it("looks at no more of a long header than it needs", () => {
    const hops = Array(2_000).fill("6.6.6.6").join(", ");
    expect(proxied("10.0.0.1", forwarded(`${hops}, 192.0.2.1`))).toBe("192.0.2.1");
  });
});
