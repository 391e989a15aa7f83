import type { IncomingMessage } from 'node:http';
import { type Access, commonScopes, includesScope, missingScopes } from '@ordinaut/contract';
import { type Authenticated, type Authenticator, type Credential, Refused } from '../../identity/authenticator.ts';
import type { Caller } from '../../identity/caller.ts';
import { addressKey } from '../../kernel/address-key.ts';
import { ApiError } from '../../kernel/errors.ts';
import { askedScopes } from './asked-scopes.ts';
import { callerKey } from './caller-key.ts';
import type { Client } from './client.ts';
import { readCredential } from './credential.ts';
import { refuseForgedRequests } from './csrf.ts';
import { entryOf } from './entry.ts';
import { refuseForeignSites, type SiteRules } from './foreign-sites.ts';
import { type RateLimiter, rateExceeded } from './rate-limiter.ts';

/** What a request wants to get at. */
export interface Destination {
  /**
   * Who may: see `Operation`; or the scope of an extension's or plugin's routes. `anyone`: as `public`, but what is shown is looked at, because
   * somebody who is known is told more.
   */
  readonly access: Access | 'anyone' | `${'ext' | 'plugins'}:${string}`;
  /** The scope has to be shown, also where everybody may come in: of routes of extensions and plugins, with `ORDINAUT_REQUIRE_SCOPES`. */
  readonly shown?: boolean;
  /** By which rate it is counted; `unlimited` is counted and never refused. */
  readonly rate: 'general' | 'auth' | 'unlimited';
  readonly isUpgrade?: boolean;
}

export interface DoorDeps {
  readonly authenticator: Pick<Authenticator, 'known' | 'look'>;
  readonly clientOf: (request: IncomingMessage) => Client;
  readonly sites: SiteRules;
  /** Whether everybody may come in. */
  readonly open: boolean;
  /** Null: `off`. */
  readonly limits: { readonly general: RateLimiter | null; readonly auth: RateLimiter | null };
}

/** The realm of RFC 9110 section 11.5 is the whole server. */
const CHALLENGE = 'Bearer realm="ordinaut"';

/**
 * The one door that every request comes through, to the core, to extensions and to WebSockets:
 *
 *   whose page? ──> who? ──> how often? ──> forged? ──> may they?
 *
 * Each question has its own answer for a request that does not get further: 403 for a foreign site, 401, 429, 403.
 */
export class Door {
  readonly #deps: DoorDeps;

  constructor(deps: DoorDeps) {
    this.#deps = deps;
  }

  /**
   * Lets a request in.
   *
   * @returns who asks; the same stands in the entry of the request from then on, with what is left of their rate.
   * @throws ApiError
   */
  async enter(request: IncomingMessage, destination: Destination, requestId: string): Promise<Caller> {
    const { clientOf, sites } = this.#deps;
    const entry = entryOf(request);
    const { address, secure } = clientOf(request);
    entry.secure = secure;
    // Orchestrators ask by address; what they are told is nothing to hide.
    if (destination.rate !== 'unlimited') refuseForeignSites(request.headers, sites);
    const { access } = destination;
    const credential = access === 'public' ? null : readCredential(request.headers, secure);
    const known = credential === null ? null : await this.#identify(credential, access, request, address);
    const caller = this.#callerOf(known, request, { address, requestId, isPublic: access === 'public' });
    await this.#count(request, destination.rate, callerKey(caller));
    entry.caller = caller;
    if (known !== null) entry.credential = credential;
    if (known?.via === 'session') refuseForgedRequests(request, credential!.text, destination.isUpgrade === true);
    if (access !== 'public' && access !== 'anyone') this.#authorize(caller, destination, request);
    return caller;
  }

  /** Whether what a request has shown when it came in still counts for all that it counted for, for connections that last. */
  async mayStay(request: IncomingMessage): Promise<boolean> {
    const { credential, caller } = entryOf(request);
    if (credential === null || caller === null) return true;
    const { authenticator } = this.#deps;
    const found = authenticator.known(credential) ?? (await authenticator.look(credential, { isUse: false }));
    return !(found instanceof Refused) && missingScopes(narrowed(found.scopes, request), caller.scopes).length === 0;
  }

  async #identify(
    credential: Credential,
    access: Destination['access'],
    request: IncomingMessage,
    address: string,
  ): Promise<Authenticated | null> {
    const { authenticator, limits } = this.#deps;
    const known = authenticator.known(credential);
    if (known !== null) return known;
    const key = addressKey(address);
    // Looking up costs: whoever has used up the rate of their address with wrong credentials is not looked at any more.
    if (limits.general !== null && (await limits.general.isSpent(key))) await this.#count(request, 'general', key);
    const found = await authenticator.look(credential);
    if (!(found instanceof Refused)) return found;
    // Browsers send a cookie along until somebody logs in anew, for which the page has to come; on loopback also that of another port.
    if (credential.kind === 'cookie' && (access === 'anyone' || this.#deps.open)) return null;
    await this.#count(request, 'general', key);
    throw unauthorized(found.reason, [], `${CHALLENGE}, error="invalid_token"`);
  }

  #callerOf(
    known: Authenticated | null,
    request: IncomingMessage,
    about: { address: string; requestId: string; isPublic: boolean },
  ): Caller {
    const { address, requestId, isPublic } = about;
    if (known === null) {
      const scopes = this.#deps.open ? ((isPublic ? null : askedScopes(request.headers)) ?? ['*']) : [];
      return { principal: null, identity: null, scopes, via: 'none', sessionId: null, address, requestId };
    }
    const scopes = narrowed(known.scopes, request);
    const { principal, via, sessionId } = known;
    return { principal: principal.name, identity: principal, scopes, via, sessionId, address, requestId };
  }

  async #count(request: IncomingMessage, rate: Destination['rate'], key: string): Promise<void> {
    const { limits } = this.#deps;
    const limiter = rate === 'auth' ? limits.auth : limits.general;
    if (limiter === null) return;
    const allowance = await limiter.take(key);
    entryOf(request).allowance = allowance;
    if (!allowance.exceeded || rate === 'unlimited') return;
    throw rateExceeded(allowance, rate === 'auth' ? 'ORDINAUT_AUTH_RATE_LIMIT' : 'ORDINAUT_RATE_LIMIT');
  }

  #authorize(caller: Caller, { access, shown = false }: Destination, request: IncomingMessage): void {
    const required = access === 'authenticated' ? [] : [access];
    const isKnown = caller.identity !== null || this.#deps.open;
    const isShown = caller.identity !== null || !shown || request.headers['x-scopes'] !== undefined;
    if (!isKnown || !isShown) {
      throw unauthorized(
        this.#deps.open
          ? 'The scope has to be shown: log in, or send it as X-Scopes.'
          : 'Log in first: send Authorization: Bearer with an access token, or X-API-Key.',
        required,
        CHALLENGE,
      );
    }
    if (required.every((scope) => includesScope(caller.scopes, scope))) return;
    throw new ApiError('forbidden', `This needs the scope ${required.join(', ')}.`, {
      details: { required_scopes: required, granted_scopes: [...caller.scopes] },
    });
  }
}

function narrowed(scopes: readonly string[], { headers }: IncomingMessage): readonly string[] {
  const asked = askedScopes(headers);
  return asked === null ? scopes : commonScopes(scopes, asked);
}

const unauthorized = (message: string, required: readonly string[], challenge: string): ApiError =>
  new ApiError('unauthorized', message, { details: { required_scopes: [...required] }, challenge });
