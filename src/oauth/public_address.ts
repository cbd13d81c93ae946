import ipaddr from "ipaddr.js";

/**
 * Whether an address is one of the public internet: neither private nor loopback, link-local (where
 * clouds answer with their credentials), shared, reserved, nor a form of IPv6 that carries such an
 * IPv4 address.
 */
export function isPublicAddress(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === "unicast";
}
