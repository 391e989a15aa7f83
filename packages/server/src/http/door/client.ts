import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import proxyAddr from '@fastify/proxy-addr';

/** Where a request comes from. */
export interface Client {
  /** Address of the client, as far as it can be believed. */
  readonly address: string;
  /** Whether it came encrypted, to us or to a proxy that is trusted. */
  readonly secure: boolean;
}

/**
 * Tells where requests come from. `X-Forwarded-For` and `X-Forwarded-Proto` count only where a trusted proxy has written them: the
 * address is the last one that no trusted proxy vouches for.
 *
 * @param trusted `ORDINAUT_TRUST_PROXY`: addresses, networks, `loopback`, `linklocal`, `uniquelocal`.
 * @throws Error for an entry that is none of these.
 */
export function clients(trusted: readonly string[]): (request: IncomingMessage) => Client {
  const direct = ({ socket }: IncomingMessage): Client => ({
    address: plain(socket.remoteAddress ?? ''),
    secure: (socket as TLSSocket).encrypted === true,
  });
  if (trusted.length === 0) return direct;
  const trusts = compile(trusted);
  return (request) => {
    const { address, secure } = direct(request);
    if (!trusts(request.socket.remoteAddress ?? '', 0)) return { address, secure };
    const [protocol = ''] = String(request.headers['x-forwarded-proto'] ?? '').split(',');
    return { address: plain(proxyAddr(request, trusts)), secure: secure || protocol.trim().toLowerCase() === 'https' };
  };
}

function compile(trusted: readonly string[]): (address: string, index: number) => boolean {
  try {
    return proxyAddr.compile([...trusted]);
  } catch (error) {
    throw new Error(
      `ORDINAUT_TRUST_PROXY is ${JSON.stringify(trusted.join(','))}; it must be a list of addresses and networks, loopback, linklocal, uniquelocal.`,
      { cause: error },
    );
  }
}

/** An IPv4 address as itself, also where the socket is one of IPv6. */
const plain = (address: string): string => (address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address);
