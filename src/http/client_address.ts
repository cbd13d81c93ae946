import { isIP, isIPv4 } from "node:net";
import proxyAddr from "proxy-addr";

export interface ClientAddressOptions {
  /**
   * Addresses and networks (`10.0.0.0/8`, `loopback`, `uniquelocal`) of the proxies whose
   * X-Forwarded-For is believed. Default: none, the header is ignored.
   */
  readonly trustedProxies?: readonly string[];
}

/** Gives the client's address, canonical, or undefined when the socket has none. */
export type ClientAddressReader = (
  peer: string | undefined,
  headers: Headers,
) => string | undefined;

/**
 * Makes the function that says from where a request came. The header is read from the right,
 * because each proxy appends the address it saw: the first address that is no trusted proxy is the
 * client, and whatever the client wrote itself stands further left. When a trusted proxy reports
 * something that is no address, that proxy is the answer.
 *
 * @throws TypeError an entry of `trustedProxies` is no address, network or known name.
 * @example
 * ```ts
 * const clientAddress = clientAddressReader({ trustedProxies: ["10.0.0.0/8"] });
 * clientAddress("10.0.0.7", new Headers({ "x-forwarded-for": "6.6.6.6, 192.0.2.1" })); // "192.0.2.1"
 * ```
 */
export function clientAddressReader(options: ClientAddressOptions = {}): ClientAddressReader {
  const isTrusted = proxyAddr.compile([...(options.trustedProxies ?? [])]);

  return (peer, headers) => {
    let client = canonicalAddress(peer ?? "");
    if (client === undefined) return undefined;

    const hops = (headers.get("x-forwarded-for") ?? "").split(",").reverse();
    for (const [index, hop] of hops.entries()) {
      if (!isTrusted(client, index)) break;
      const address = canonicalAddress(hop);
      if (address === undefined) break;
      client = address;
    }
    return client;
  };
}

/**
 * One spelling for each address: IPv6 compressed in lower case without a zone, IPv4 inside IPv6
 * (`::ffff:1.2.3.4`, `::ffff:0102:0304`) as IPv4. Undefined for what is no address. Some proxies
 * write a port behind the address; it is dropped.
 */
function canonicalAddress(text: string): string | undefined {
  if (isIPv4(text)) return text;
  const bare = text
    .trim()
    .replace(/^\[([^\]]*)\](?::\d{1,5})?$/, "$1")
    .replace(/^([\d.]+):\d{1,5}$/, "$1");
  if (isIP(bare) === 4) return bare;
  if (isIP(bare) !== 6) return undefined;

  const compressed = new URL(`http://[${bare.replace(/%.*$/, "")}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(compressed);
  if (mapped === null) return compressed;
  const [high, low] = [mapped[1], mapped[2]].map((group) => Number.parseInt(group ?? "", 16));
  return [high, low].flatMap((group = 0) => [group >> 8, group & 255]).join(".");
}
