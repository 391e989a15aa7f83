import { isIP, type LookupFunction } from 'node:net';
import type { Agent, buildConnector } from 'undici';
import { RunFailure } from '../kernel/errors.ts';
import { canonicalAddress, type HttpAllow } from './allow-list.ts';
import { specialRange } from './special-addresses.ts';

export interface ResolvedAddress {
  readonly address: string;
  /** 4 or 6. */
  readonly family: number;
}

/** All addresses of a host name. */
export type Resolve = (hostname: string) => Promise<readonly ResolvedAddress[]>;

export interface Guard {
  readonly allow: HttpAllow;
  readonly resolve: Resolve;
  /** The addresses of this machine, asked for each connection: they change. */
  readonly ownAddresses: () => readonly string[];
}

/**
 * An agent that connects to the public internet and to what is allowed.
 *
 * For each connection the name is resolved once, every address is looked at, and the connection goes to exactly these
 * addresses. So neither a second answer of the DNS nor a spelling of an address gets past it.
 */
export async function openGuardedAgent(guard: Guard): Promise<Agent> {
  // Loaded at the first use: it takes a good part of the start-up time of a server that may never need it.
  const undici = await import('undici');
  const connect: buildConnector.connector = (options, callback) => {
    const port = Number(options.port || (options.protocol === 'https:' ? 443 : 80));
    pin(options.hostname, port, guard).then(
      (lookup) => undici.buildConnector({ lookup, allowH2: false, timeout: 10_000 })(options, callback),
      (error: Error) => callback(error, null),
    );
  };
  return new undici.Agent({ connect, allowH2: false, keepAliveTimeout: 4000, headersTimeout: 0, bodyTimeout: 0 });
}

/**
 * Resolves and checks a host; the answer is a `lookup` that knows these addresses only.
 *
 * @throws RunFailure `permission_denied` when one of the addresses is not allowed.
 */
async function pin(hostname: string, port: number, guard: Guard): Promise<LookupFunction> {
  const literal = isIP(hostname);
  const addresses = literal ? [{ address: hostname, family: literal }] : await guard.resolve(hostname);
  const [first] = addresses;
  if (!first) throw new RunFailure('network_error', `The name ${hostname} has no address.`);
  if (!guard.allow.host(hostname, port)) {
    for (const { address } of addresses) check(hostname, address, port, guard);
  }
  return (_hostname, options, callback) => {
    if (options.all) callback(null, [...addresses]);
    else callback(null, first.address, first.family);
  };
}

function check(hostname: string, address: string, port: number, { allow, ownAddresses }: Guard): void {
  const special = specialRange(address) ?? (isOneOf(ownAddresses(), address) ? "this machine's own" : null);
  if (special === null || allow.address(address, port)) return;
  const target = hostname === address ? address : `${hostname} (${address})`;
  throw new RunFailure(
    'permission_denied',
    `Requests to ${target} are not allowed: it is ${special} address. The setting ORDINAUT_HTTP_ALLOW opens hosts and ranges.`,
  );
}

const isOneOf = (addresses: readonly string[], address: string): boolean =>
  addresses.some((own) => canonicalAddress(own) === canonicalAddress(address));
