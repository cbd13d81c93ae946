import ipaddr from "ipaddr.js";

const assigned = ipaddr.parseCIDR("2000::/3");

/**
 * Whether an address is one of the public internet: neither private nor loopback, link-local (where
 * clouds answer with their credentials), shared, reserved, nor a form of IPv6 that carries such an
 * IPv4 address.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  // Of IPv6, what is assigned at all (RFC 4291 section 2.4): the rest is old forms and reserves.
  const isAssigned = parsed.kind() === "ipv4" || parsed.match(assigned);
  return isAssigned && parsed.range() === "unicast";
}
