import { LRUCache } from 'lru-cache';
import { addressKey } from '../kernel/address-key.ts';
import { type Clock, toIso } from '../kernel/clock.ts';
import { ApiError } from '../kernel/errors.ts';

/** What each count lets pass for nothing, as people mistype, and how long the wait grows, in milliseconds. */
const counts = {
  /** Of a name from one address. */
  pair: { free: 3, longestMs: 900_000 },
  /** Of a name from anywhere: short, or anybody could keep somebody else out. */
  name: { free: 20, longestMs: 30_000 },
  /** Of an address with any name. */
  address: { free: 20, longestMs: 900_000 },
} as const;
const FORGOTTEN_MS = 3_600_000;
const FAMILIAR_MS = 30 * 86_400_000;
const REMEMBERED = 50_000;

interface Failures {
  count: number;
  /** No attempt counts before this instant, epoch milliseconds. */
  until: number;
}

/**
 * Makes guessing slow: after some failures each further one doubles the time until the next attempt is looked at, from a second to
 * a quarter of an hour. It counts by name and address together, so that nobody is kept out by what others do elsewhere, and with
 * more patience by name and by address alone. An attempt that is being looked at counts as one that has failed, so that many at once
 * get no further than one after another. Each process counts for itself; what many of them let through is bounded by the
 * rate of `/auth`, which they share over Redis.
 */
export class LoginGuard {
  readonly #clock: Clock;
  readonly #failures: LRUCache<string, Failures>;
  /** Names with addresses from which they have logged in: what others try with the name elsewhere does not keep them out. */
  readonly #familiar: LRUCache<string, true>;
  /** Attempts that are being looked at, by the same keys. */
  readonly #underWay = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#failures = new LRUCache({ max: REMEMBERED, ttl: FORGOTTEN_MS });
    this.#familiar = new LRUCache({ max: REMEMBERED, ttl: FAMILIAR_MS });
  }

  /**
   * Looks at an attempt, and counts it.
   *
   * @param check whether it is right.
   * @returns the same.
   * @throws ApiError `rate_limit_exceeded` while it has to wait; whatever `check` throws, which counts for nothing.
   */
  async attempt(name: string, address: string, check: () => Promise<boolean>): Promise<boolean> {
    this.#admit(name, address);
    const keys = keysOf(name, address);
    for (const { key } of keys) this.#underWay.set(key, (this.#underWay.get(key) ?? 0) + 1);
    try {
      const isRight = await check();
      if (isRight) this.#succeeded(name, address);
      else this.#failed(name, address);
      return isRight;
    } finally {
      for (const { key } of keys) {
        const left = (this.#underWay.get(key) ?? 1) - 1;
        if (left === 0) this.#underWay.delete(key);
        else this.#underWay.set(key, left);
      }
    }
  }

  #admit(name: string, address: string): void {
    const now = this.#clock.now();
    const [pair, ofName, ofAddress] = keysOf(name, address);
    const isFamiliar = this.#familiar.has(pair.key);
    const counted = isFamiliar ? [pair, ofAddress] : [pair, ofName, ofAddress];
    const until = Math.max(
      ...counted.map(({ key }) => this.#failures.get(key)?.until ?? 0),
      // Those of a program that has been right before may come in a crowd.
      ...(isFamiliar ? [ofAddress] : counted).map(({ key, free }) => this.#crowded(key, free, now)),
    );
    if (until <= now) return;
    const seconds = Math.ceil((until - now) / 1000);
    throw new ApiError('rate_limit_exceeded', `Too many failed attempts to log in. Try again in ${seconds} s.`, {
      details: { limit: counts.pair.free, window: `${FORGOTTEN_MS / 1000}s`, reset_at: toIso(until) },
      retryAfterSeconds: seconds,
    });
  }

  /** When the next attempt may come, where those under way would use up what is free; otherwise 0. */
  #crowded(key: string, free: number, now: number): number {
    const underWay = this.#underWay.get(key) ?? 0;
    return underWay > 0 && underWay + (this.#failures.get(key)?.count ?? 0) > free ? now + 1000 : 0;
  }

  #failed(name: string, address: string): void {
    for (const { key, free, longestMs } of keysOf(name, address)) {
      const count = (this.#failures.get(key)?.count ?? 0) + 1;
      const waitMs = count <= free ? 0 : Math.min(1000 * 2 ** (count - free - 1), longestMs);
      this.#failures.set(key, { count, until: this.#clock.now() + waitMs });
    }
  }

  /** Forgets what was counted of the name; what the address has tried with other names stays. */
  #succeeded(name: string, address: string): void {
    const [pair, ofName] = keysOf(name, address);
    this.#failures.delete(pair.key);
    this.#failures.delete(ofName.key);
    this.#familiar.set(pair.key, true);
  }
}

const keysOf = (name: string, address: string) => {
  const of = name.toLowerCase();
  const from = addressKey(address);
  return [
    { key: `${from} ${of}`, ...counts.pair },
    { key: `name ${of}`, ...counts.name },
    { key: `address ${from}`, ...counts.address },
  ] as const;
};
