import ipaddr from 'ipaddr.js';
import type { Caller } from '../../identity/caller.ts';

/** Under which name a caller is counted: who they are, or where they come from. */
export const callerKey = ({ identity, address }: Pick<Caller, 'identity' | 'address'>): string =>
  identity === null ? addressKey(address) : identity.id;

/** One network of IPv6 is one client: it has 2^64 addresses. */
export function addressKey(address: string): string {
  if (!address.includes(':') || !ipaddr.IPv6.isValid(address)) return address;
  const { parts } = ipaddr.IPv6.parse(address);
  return `${parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`;
}
