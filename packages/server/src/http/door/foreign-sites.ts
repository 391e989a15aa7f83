import type { IncomingHttpHeaders } from 'node:http';
import { LRUCache } from 'lru-cache';
import { isLoopback } from '../../config/load-config.ts';
import { ApiError } from '../../kernel/errors.ts';

export interface SiteRules {
  /** The host of the settings, which is a name of this server too. */
  readonly listensOn: string;
  /** `ORDINAUT_ALLOWED_HOSTS`, in lower case. */
  readonly allowed: readonly string[];
  /** Whether any name will do, as long as nothing is in the list. */
  readonly anyName: boolean;
  /** Whether everybody may come in because only this machine can reach the server: then a proxy must not bring in the world. */
  readonly refuseProxied: boolean;
}

/**
 * Refuses requests that a page of another site makes a browser send: such a request carries that site's name, as `Host` (DNS
 * rebinding) or as `Origin`. Where there is a login and no list of names, any `Host` will do, because credentials go to
 * the name they were made for; an `Origin` has to be that of the `Host` even so.
 *
 * @throws ApiError `forbidden`
 */
export function refuseForeignSites(headers: IncomingHttpHeaders, rules: SiteRules): void {
  const { host, origin } = headers;
  const anyHost = rules.anyName && rules.allowed.length === 0;
  if (host !== undefined && !anyHost && !isOurs(`http://${host}`, rules)) throw foreign('Host', host, rules);
  if (origin !== undefined && !isOurs(origin, rules) && !(anyHost && isOriginOf(origin, host)))
    throw foreign('Origin', origin, rules);
  if (rules.refuseProxied) refuseProxied(headers);
}

/** Hosts and origins that have asked before: parsing a URL takes longer than all else that is looked at here. */
const known = new WeakMap<SiteRules, LRUCache<string, boolean>>();

function isOurs(url: string, rules: SiteRules): boolean {
  let names = known.get(rules);
  if (names === undefined) {
    names = new LRUCache({ max: 100 });
    known.set(rules, names);
  }
  let ours = names.get(url);
  if (ours === undefined) {
    ours = isNameOfOurs(url, rules);
    if (url.length < 300) names.set(url, ours);
  }
  return ours;
}

function isNameOfOurs(url: string, { listensOn, allowed }: SiteRules): boolean {
  if (!URL.canParse(url)) return false;
  const name = new URL(url).hostname.replace(/^\[|\]$/g, '');
  return name === listensOn || allowed.includes(name) || name.endsWith('.localhost') || isLoopback(name);
}

/** Whether an origin is that of the host that was asked for, whatever stands before the server. */
export function isOriginOf(origin: string, host: string | undefined): boolean {
  const url = URL.parse(origin);
  return url !== null && host !== undefined && url.host === URL.parse(`${url.protocol}//${host}`)?.host;
}

function foreign(header: string, value: string, { anyName, allowed }: SiteRules): ApiError {
  const shown = JSON.stringify(value.slice(0, 100));
  const wayOut = !anyName
    ? 'Ask for 127.0.0.1 or localhost, or name it in ORDINAUT_ALLOWED_HOSTS; behind a proxy set ORDINAUT_AUTH=required too.'
    : header === 'Host' || allowed.length > 0
      ? 'The operator names it in ORDINAUT_ALLOWED_HOSTS.'
      : 'Pages of other sites may not use this server; the operator names theirs in ORDINAUT_ALLOWED_HOSTS.';
  return new ApiError('forbidden', `${header} ${shown} is not a name of this server. ${wayOut}`, {
    details: { header },
  });
}

/** What proxies add to a request; by none of these a browser or a program tells of itself. */
const marks = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via'];

function refuseProxied(headers: IncomingHttpHeaders): void {
  const header = marks.find((name) => headers[name] !== undefined);
  if (header === undefined) return;
  throw new ApiError(
    'forbidden',
    'The request comes through a proxy, and everybody may do everything here. Set ORDINAUT_AUTH=required (and ORDINAUT_TRUST_PROXY), or ORDINAUT_AUTH=off where the proxy decides who comes in.',
    { details: { header } },
  );
}
