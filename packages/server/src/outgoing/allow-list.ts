import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Whether a connection that is refused by default is allowed. */
export interface HttpAllow {
  readonly everything: boolean;
  /** By name, whatever it resolves to. */
  host(hostname: string, port: number): boolean;
  address(address: string, port: number): boolean;
}

interface Entry {
  readonly host: string;
  /** `null`: every port. */
  readonly port: number | null;
}

/**
 * Reads the entries of `ORDINAUT_HTTP_ALLOW`: host names, `host:port`, addresses (`10.0.0.5`, `[::1]:8080`), ranges
 * (`10.0.0.0/8`), and `*` for everything.
 *
 * @throws Error that names the first entry that is none of these.
 */
export function parseHttpAllow(entries: readonly string[]): HttpAllow {
  const hosts: Entry[] = [];
  const addresses: Entry[] = [];
  const ranges: [ipaddr.IPv4 | ipaddr.IPv6, number][] = [];
  let everything = false;
  for (const text of entries.map((entry) => entry.trim().toLowerCase())) {
    if (text === '') continue;
    if (text === '*') everything = true;
    else if (ipaddr.isValidCIDR(text)) ranges.push(ipaddr.parseCIDR(text));
    else {
      const entry = parseEntry(text);
      if (isIP(entry.host)) addresses.push({ ...entry, host: canonicalAddress(entry.host) });
      else hosts.push(entry);
    }
  }
  const fits = (list: readonly Entry[], host: string, port: number): boolean =>
    list.some((entry) => entry.host === host && (entry.port === null || entry.port === port));
  return {
    everything,
    host: (hostname, port) => everything || fits(hosts, hostname.replace(/\.$/, ''), port),
    address: (address, port) => {
      if (everything || fits(addresses, canonicalAddress(address), port)) return true;
      const parsed = ipaddr.process(address);
      return ranges.some(([base, bits]) => base.kind() === parsed.kind() && parsed.match(base, bits));
    },
  };
}

/** One spelling for each address; an IPv4 address inside IPv6 counts as itself. */
export const canonicalAddress = (address: string): string => ipaddr.process(address).toString();

const withPort = /^(?:\[(?<v6>[0-9a-f:.]+)\]|(?<host>[^:/[\]]+))(?::(?<port>\d{1,5}))?$/;

function parseEntry(text: string): Entry {
  if (isIP(text)) return { host: text, port: null };
  const { v6, host, port } = withPort.exec(text)?.groups ?? {};
  const name = v6 ?? host ?? '';
  const number = port === undefined ? null : Number(port);
  const known = v6 === undefined ? /^[a-z0-9_.-]+$/.test(name) : isIP(v6) === 6;
  if (!known || (number !== null && (number < 1 || number > 65_535))) {
    throw new Error(
      `ORDINAUT_HTTP_ALLOW: ${JSON.stringify(text)} is no host, host:port, address, range such as 10.0.0.0/8, or *.`,
    );
  }
  return { host: name.replace(/\.$/, ''), port: number };
}
