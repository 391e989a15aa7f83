import ipaddr from 'ipaddr.js';

/** A public address by registry, but a door to the machine's own metadata: Azure's WireServer. */
const metadataAddresses = new Set(['168.63.129.16']);

/** What IANA has given out as global unicast so far (RFC 4291 section 2.4); `::a.b.c.d` and the rest are outside of it. */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');

/** Words for the ranges of ipaddr.js; a range that is not here is shown by its own name. */
const words: Record<string, string> = {
  carrierGradeNat: 'a carrier-grade NAT',
  linkLocal: 'a link-local',
  uniqueLocal: 'a private (unique local)',
  deprecatedSiteLocal: 'a private (site-local)',
  ipv4Mapped: 'an IPv4-mapped',
  rfc6145: 'an IPv4-translated',
  rfc6052: 'a NAT64',
  unspecified: 'an unspecified',
};

/**
 * Why an address is not one of the public internet, as words before "address" (`a loopback`); `null` for a public one.
 *
 * Every range with a special meaning in the IANA registries is refused, and every form of IPv6 that carries an IPv4 address
 * (mapped, compatible, translated, NAT64, 6to4, Teredo, ISATAP), whatever the address inside.
 *
 * @param address as `net.isIP` accepts it.
 */
export function specialRange(address: string): string | null {
  const parsed = ipaddr.parse(address);
  if (metadataAddresses.has(parsed.toString())) return 'a cloud metadata';
  const range = parsed.range();
  if (range !== 'unicast') return words[range] ?? `a ${range}`;
  if (!(parsed instanceof ipaddr.IPv6)) return null;
  if (!parsed.match(globalUnicast)) return 'a reserved';
  // RFC 5214: an interface id of 0000:5efe or 0200:5efe is followed by an IPv4 address.
  const [high, low] = parsed.parts.slice(4, 6);
  return (high === 0 || high === 0x200) && low === 0x5efe ? 'an ISATAP' : null;
}
