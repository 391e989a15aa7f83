import type { IncomingHttpHeaders } from 'node:http';
import { LRUCache } from 'lru-cache';
import { isLoopback } from '../config/load-config.ts';
import { ApiError } from '../kernel/errors.ts';

/**
 * Refuses requests that a page of another site makes a browser send to a server on loopback: such a request carries that site's
 * name, as `Host` (DNS rebinding) or as `Origin`. While there is no login, this is what stands between it and the tasks.
 *
 * @param listensOn The host of the settings, which is a name of this server too.
 * @throws ApiError `forbidden`
 */
export function refuseForeignSites(headers: IncomingHttpHeaders, listensOn: string): void {
  const { host, origin } = headers;
  if (host !== undefined && !isOurs(`http://${host}`, listensOn)) throw foreign('Host', host);
  if (origin !== undefined && !isOurs(origin, listensOn)) throw foreign('Origin', origin);
}

/** Hosts and origins that have asked before: parsing a URL takes longer than all else that is looked at here. */
const known = new LRUCache<string, boolean>({ max: 100 });

function isOurs(url: string, listensOn: string): boolean {
  const key = `${listensOn} ${url}`;
  let ours = known.get(key);
  if (ours === undefined) {
    ours = isNameOfOurs(url, listensOn);
    if (url.length < 300) known.set(key, ours);
  }
  return ours;
}

function isNameOfOurs(url: string, listensOn: string): boolean {
  if (!URL.canParse(url)) return false;
  const name = new URL(url).hostname.replace(/^\[|\]$/g, '');
  return name === listensOn || name.endsWith('.localhost') || isLoopback(name);
}

const foreign = (header: string, value: string): ApiError =>
  new ApiError(
    'forbidden',
    `${header} ${JSON.stringify(value.slice(0, 100))} is not a name of this server. Ask for 127.0.0.1 or localhost; behind a proxy that decides who comes in, set ORDINAUT_INSECURE=1.`,
    { details: { header } },
  );
