import { LRUCache } from 'lru-cache';
import type { Clock } from '../kernel/clock.ts';
import { messageOf } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Service } from '../kernel/service.ts';
import type { Store } from '../storage/store.ts';
import type { PrincipalRow } from '../storage/tables.ts';
import type { AccessTokens } from './access-tokens.ts';
import type { ApiKeyRepository } from './api-key-repository.ts';
import type { Principal, Via } from './caller.ts';
import { narrowedScopes, readScopes, readScopesOrNull } from './principal-scopes.ts';
import { hashOfSecret } from './random-secret.ts';
import { slidingExpiry } from './session-lifetime.ts';
import type { SessionRepository } from './session-repository.ts';

/** Something that a request shows to say whose it is. */
export interface Credential {
  readonly kind: 'bearer' | 'api_key' | 'cookie';
  readonly text: string;
}

/** Whose a credential is, and what it is good for. */
export interface Authenticated {
  readonly principal: Principal;
  readonly scopes: readonly string[];
  readonly via: Via;
  readonly sessionId: string | null;
  /** Epoch milliseconds; null: never. */
  readonly expiresAt: number | null;
}

/** Why a credential does not count, for the client. */
export class Refused {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/** As what a credential of a kind may have been known. */
const fits: Readonly<Record<Credential['kind'], ReadonlySet<Via>>> = {
  bearer: new Set(['token', 'api_key']),
  api_key: new Set(['api_key']),
  cookie: new Set(['session']),
};

export const API_KEY_PREFIX = 'ordk';
const KNOWN = 10_000;
/**
 * How long what is known of a credential holds without another look, in milliseconds. What is changed by this process, or told
 * by another, counts at once; this is for what was not told.
 */
const HOLDS_MS = { sqlite: 60_000, postgres: 5_000 } as const;

/**
 * Tells whose a credential is. What has been looked up is remembered: checking a signature takes 70 µs and looking into the
 * database more, a request that comes again 1 µs. Every change of a principal, session or key forgets it all, in every process.
 */
export class Authenticator implements Service {
  readonly name = 'authenticator';
  readonly #deps: AuthenticatorDeps;
  readonly #known: LRUCache<string, { readonly found: Authenticated; readonly until: number }>;
  /** Lookups under way, so that a burst of requests with one new token is one lookup. */
  readonly #looking = new Map<string, Promise<Authenticated | Refused>>();
  /** Rises with every change: a lookup that began before one is not remembered. */
  #changes = 0;

  constructor(deps: AuthenticatorDeps) {
    this.#deps = deps;
    this.#known = new LRUCache({ max: KNOWN });
  }

  async start(): Promise<void> {
    this.#deps.store.signals.off('identity', this.#forget).on('identity', this.#forget);
  }

  async stop(): Promise<void> {
    this.#deps.store.signals.off('identity', this.#forget);
    this.#forget();
  }

  /** What is known of a credential without a look; null where one is needed. */
  known({ kind, text }: Credential): Authenticated | null {
    const entry = this.#known.get(text);
    // What a cookie holds is good as a cookie only, whose changes are looked at more closely, and so on.
    if (entry === undefined || !fits[kind].has(entry.found.via)) return null;
    if (entry.until > this.#deps.clock.now()) return entry.found;
    this.#known.delete(text);
    return null;
  }

  /** Looks a credential up. @param options.isUse false: it is only asked whether it still counts, which keeps no session alive. */
  async look(credential: Credential, { isUse = true } = {}): Promise<Authenticated | Refused> {
    const { kind, text } = credential;
    const key = `${kind} ${text}`;
    let looking = this.#looking.get(key);
    if (looking === undefined) {
      looking = this.#lookUp(credential, isUse).finally(() => this.#looking.delete(key));
      this.#looking.set(key, looking);
    }
    return looking;
  }

  readonly #forget = (): void => {
    this.#changes += 1;
    this.#known.clear();
    this.#looking.clear();
  };

  async #lookUp({ kind, text }: Credential, isUse: boolean): Promise<Authenticated | Refused> {
    const { clock, store } = this.#deps;
    const changes = this.#changes;
    const isKey = kind === 'api_key' || (kind === 'bearer' && text.startsWith(`${API_KEY_PREFIX}_`));
    const found = await (isKey
      ? this.#byKey(text)
      : kind === 'cookie'
        ? this.#byCookie(text, isUse)
        : this.#byToken(text));
    if (!(found instanceof Refused) && changes === this.#changes) {
      const until = Math.min(clock.now() + HOLDS_MS[store.kind], found.expiresAt ?? Number.POSITIVE_INFINITY);
      this.#known.set(text, { found, until });
    }
    return found;
  }

  async #byToken(token: string): Promise<Authenticated | Refused> {
    const { tokens, sessions, clock } = this.#deps;
    const claims = await tokens.check(token, 'access');
    if (claims === 'expired') return new Refused('The access token has expired; refresh it or log in again.');
    if (claims === 'invalid') return new Refused('The access token is not valid here; log in again.');
    const now = clock.now();
    const found = await sessions.find({ id: claims.sessionId }, now);
    if (found === undefined || found.principal.id !== claims.principalId)
      return new Refused('The session of this access token has ended; log in again.');
    const { session, principal } = found;
    this.#note(sessions.used(session.id, { used_at: now }));
    // Not what the token says: that is for its owner to see, and may be an hour old.
    const scopes = narrowedScopes(principal, readScopesOrNull(session.scopes));
    return {
      principal: toPrincipal(principal),
      scopes,
      via: 'token',
      sessionId: session.id,
      expiresAt: claims.expiresAt,
    };
  }

  async #byKey(text: string): Promise<Authenticated | Refused> {
    const { apiKeys, clock } = this.#deps;
    const now = clock.now();
    const found = await apiKeys.usable(hashOfSecret(text), now);
    if (found === undefined) return new Refused('The API key is unknown, expired or revoked.');
    const { key, principal } = found;
    this.#note(apiKeys.used(key.id, now));
    const scopes = narrowedScopes(principal, readScopes(key.scopes));
    return { principal: toPrincipal(principal), scopes, via: 'api_key', sessionId: null, expiresAt: key.expires_at };
  }

  async #byCookie(text: string, isUse: boolean): Promise<Authenticated | Refused> {
    const { sessions, clock } = this.#deps;
    const now = clock.now();
    const found = await sessions.find({ secret: hashOfSecret(text) }, now);
    if (found === undefined) return new Refused('The session has ended; log in again.');
    const { session, principal } = found;
    const expiresAt = isUse ? slidingExpiry(session.created_at, now) : session.expires_at;
    if (isUse) this.#note(sessions.used(session.id, { used_at: now, expires_at: expiresAt }));
    return {
      principal: toPrincipal(principal),
      scopes: narrowedScopes(principal, readScopesOrNull(session.scopes)),
      via: 'session',
      sessionId: session.id,
      expiresAt,
    };
  }

  /** When something was last used is not worth an answer that fails or waits. */
  #note(write: Promise<void>): void {
    write.catch((error: unknown) =>
      this.#deps.logger.debug({ reason: messageOf(error) }, 'the use of a credential could not be noted'),
    );
  }
}

export interface AuthenticatorDeps {
  readonly store: Store;
  readonly tokens: AccessTokens;
  readonly sessions: SessionRepository;
  readonly apiKeys: ApiKeyRepository;
  readonly clock: Clock;
  readonly logger: Logger;
}

export const toPrincipal = ({ id, kind, name, role }: PrincipalRow): Principal => ({ id, kind, name, role });
