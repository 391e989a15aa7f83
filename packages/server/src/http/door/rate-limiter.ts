import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';
import { toIso } from '../../kernel/clock.ts';
import { ApiError } from '../../kernel/errors.ts';

/** How many in which time. */
export interface Rate {
  readonly limit: number;
  readonly windowSeconds: number;
  /** As the settings write it: `60s`. */
  readonly window: string;
}

/** What is left to somebody. */
export interface Allowance {
  readonly rate: Rate;
  readonly remaining: number;
  /** Epoch milliseconds. */
  readonly resetAt: number;
  /** Whether this request was one too many. */
  readonly exceeded: boolean;
}

/** Reads `1000/60s`; null for `off`. The settings have checked its form. */
export function parseRate(text: string): Rate | null {
  if (text === 'off') return null;
  const [limit = '', window = ''] = text.split('/');
  const unit = { s: 1, m: 60, h: 3600 }[window.slice(-1)] ?? 1;
  const windowSeconds = Number(window.slice(0, -1)) * unit;
  return { limit: Number(limit), windowSeconds, window: `${windowSeconds}s` };
}

/**
 * Counts requests in windows, by rate-limiter-flexible: in this process, or in Redis for all processes together. While Redis is away
 * each process counts for itself.
 */
export class RateLimiter {
  readonly #rate: Rate;
  readonly #counter: RateLimiterMemory | RateLimiterRedis;

  constructor(rate: Rate, options: { name: string; redis: Redis | null }) {
    this.#rate = rate;
    const common = { keyPrefix: `ordinaut:rate:${options.name}`, points: rate.limit, duration: rate.windowSeconds };
    const memory = new RateLimiterMemory(common);
    this.#counter =
      options.redis === null
        ? memory
        : new RateLimiterRedis({
            ...common,
            storeClient: options.redis,
            insuranceLimiter: memory,
            rejectIfRedisNotReady: true,
          });
  }

  /** Counts one request, also one too many. */
  async take(key: string): Promise<Allowance> {
    // `penalty` counts as `consume` does, and does not throw the result.
    const { consumedPoints, msBeforeNext } = await this.#counter.penalty(key);
    return {
      rate: this.#rate,
      remaining: Math.max(0, this.#rate.limit - consumedPoints),
      resetAt: Date.now() + Math.max(0, msBeforeNext),
      exceeded: consumedPoints > this.#rate.limit,
    };
  }

  /** Whether the next request would be one too many, without counting it. */
  async isSpent(key: string): Promise<boolean> {
    const state = await this.#counter.get(key);
    return state !== null && state.consumedPoints >= this.#rate.limit;
  }
}

/** The headers that tell a client what is left to it. The reset is in seconds since 1970, as GitHub has it. */
export const allowanceHeaders = ({ rate, remaining, resetAt }: Allowance): Record<string, string> => ({
  'x-ratelimit-limit': String(rate.limit),
  'x-ratelimit-remaining': String(remaining),
  'x-ratelimit-reset': String(Math.ceil(resetAt / 1000)),
});

export const rateExceeded = ({ rate, resetAt }: Allowance, setting: string): ApiError => {
  const seconds = Math.max(1, Math.ceil((resetAt - Date.now()) / 1000));
  return new ApiError(
    'rate_limit_exceeded',
    `More than ${rate.limit} requests in ${rate.window}. Try again in ${seconds} s; the operator sets ${setting}.`,
    { details: { limit: rate.limit, window: rate.window, reset_at: toIso(resetAt) }, retryAfterSeconds: seconds },
  );
};
