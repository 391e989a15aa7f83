import { networkInterfaces } from 'node:os';

/**
 * The addresses of this machine's network interfaces, as they are now.
 *
 * A public one among them leads inside: what listens on all interfaces behind a firewall is open to the machine itself.
 */
export const ownAddresses = (): string[] =>
  Object.values(networkInterfaces()).flatMap((addresses) => addresses?.map(({ address }) => address) ?? []);
