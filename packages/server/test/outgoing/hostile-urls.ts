import { disguises } from './hostile/disguises.ts';
import type { HostileUrl } from './hostile/hostile-url.ts';
import { ipv4Addresses } from './hostile/ipv4-addresses.ts';
import { ipv6Addresses } from './hostile/ipv6-addresses.ts';
import { names } from './hostile/names.ts';
import { redirects } from './hostile/redirects.ts';

/** URLs of which none may lead to a connection to the inside. */
export const hostileUrls: readonly HostileUrl[] = [
  ...ipv4Addresses,
  ...ipv6Addresses,
  ...disguises,
  ...names,
  ...redirects,
];
