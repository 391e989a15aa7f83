import type { Clock } from '../clock.ts';
import { AuthenticationError, UnexpectedAnswerError } from '../errors.ts';
import { isOrdinautError, type OrdinautError } from '../ordinaut-error.ts';
import type { ClientEvent } from '../telemetry/events.ts';
import { isRecord } from '../transport/answer-error.ts';
import { bearer, type CredentialSource, type Grant } from './credential-source.ts';

/** Milliseconds for which refused credentials are not tried again: each try costs the server a slow hash, and the name a delay. */
const COOL_DOWN_MS = 30_000;
/** A token is replaced this long before its end, or in the last tenth of its life. */
const AHEAD_MS = 60_000;
/** Milliseconds after which a replacement ahead of time that failed is tried again. */
const AHEAD_AGAIN_MS = 5_000;

export interface LoginCalls {
  /** Logs in. */
  login(): Promise<unknown>;
  /** Gives the next pair of tokens for a refresh token. */
  refresh(refreshToken: string): Promise<unknown>;
}

export interface LoginSessionOptions {
  readonly calls: LoginCalls;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onEvent: (event: Extract<ClientEvent, { type: 'session' }>) => void;
  /** Is told the time of the server, when it tells it. */
  readonly onServerTime: (epochMs: number) => void;
}

interface Tokens {
  readonly token: string;
  refreshToken: string | null;
  /** By the monotonic clock, as the others: the clock on the wall may be wrong. */
  expiresAt: number;
  /** From when on it is replaced while it still counts. */
  renewAt: number;
}

/**
 * The login of a user or agent. However many requests need a token, one login or refresh is under way; and a 401 makes only the token
 * it was sent with invalid, so that late ones do not throw away the token that has taken its place.
 */
export class LoginSession implements CredentialSource {
  readonly #options: LoginSessionOptions;
  #tokens: Tokens | null = null;
  #renewal: Promise<Tokens> | null = null;
  #refusal: { readonly error: AuthenticationError; readonly until: number } | null = null;

  constructor(options: LoginSessionOptions) {
    this.#options = options;
  }

  async current(): Promise<Grant> {
    const now = this.#options.clock.monotonic();
    const tokens = this.#tokens;
    if (tokens === null || now >= tokens.expiresAt) return bearer((await this.#renew()).token);
    if (now >= tokens.renewAt) {
      tokens.renewAt = now + AHEAD_AGAIN_MS;
      // The one there is still counts; whoever needs the next one hears of a failure.
      this.#renew().catch(() => undefined);
    }
    return bearer(tokens.token);
  }

  async refused({ token }: Grant): Promise<boolean> {
    if (this.#tokens?.token === token) {
      this.#tokens.expiresAt = Number.NEGATIVE_INFINITY;
      await this.#renew();
    }
    return true;
  }

  #renew(): Promise<Tokens> {
    this.#renewal ??= this.#obtain().finally(() => {
      this.#renewal = null;
    });
    return this.#renewal;
  }

  async #obtain(): Promise<Tokens> {
    const { calls, clock } = this.#options;
    const refreshToken = this.#tokens?.refreshToken ?? null;
    if (this.#tokens !== null && refreshToken !== null) {
      // It counts once. Where it is not known whether it arrived, a second use would end the session.
      this.#tokens.refreshToken = null;
      try {
        return await this.#take('refresh', () => calls.refresh(refreshToken));
      } catch (error) {
        if (isOrdinautError(error, 'aborted')) throw error;
      }
    }
    if (this.#refusal !== null && clock.monotonic() < this.#refusal.until) {
      const { error } = this.#refusal;
      throw new AuthenticationError(error.message, { ...factsOf(error), cause: error });
    }
    try {
      return await this.#take('login', () => calls.login());
    } catch (error) {
      if (error instanceof AuthenticationError) {
        this.#refusal = { error, until: clock.monotonic() + COOL_DOWN_MS };
      }
      throw error;
    }
  }

  async #take(way: 'login' | 'refresh', ask: () => Promise<unknown>): Promise<Tokens> {
    const { clock, random, onEvent, onServerTime } = this.#options;
    const began = clock.monotonic();
    let failure: OrdinautError | undefined;
    try {
      const answer = await ask();
      if (!isRecord(answer) || typeof answer.access_token !== 'string' || typeof answer.expires_in !== 'number') {
        throw new UnexpectedAnswerError('The server answered the login, but not with tokens.');
      }
      if (typeof answer.server_time === 'string') onServerTime(Date.parse(answer.server_time));
      // Counted from before it was asked for: rather too early than too late.
      const lifeMs = answer.expires_in * 1000;
      const aheadMs = Math.min(AHEAD_MS, lifeMs / 10) * (0.5 + random() / 2);
      this.#tokens = {
        token: answer.access_token,
        refreshToken: typeof answer.refresh_token === 'string' ? answer.refresh_token : null,
        expiresAt: began + lifeMs,
        renewAt: began + lifeMs - aheadMs,
      };
      this.#refusal = null;
      return this.#tokens;
    } catch (error) {
      if (isOrdinautError(error)) failure = error;
      throw error;
    } finally {
      onEvent({ type: 'session', way, durationMs: clock.monotonic() - began, error: failure });
    }
  }
}

const factsOf = ({ status, requestId, operation, details }: OrdinautError) => ({
  status,
  requestId,
  operation,
  details,
});
