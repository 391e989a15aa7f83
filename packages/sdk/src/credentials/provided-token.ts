import type { Clock } from '../clock.ts';
import type { TokenCredentials } from '../options.ts';
import { bearer, type CredentialSource } from './credential-source.ts';

/** Refused tokens that are remembered: late answers to requests that carried them may still be under way. */
const REMEMBERED = 16;
/** Milliseconds for which it counts that there is no other token. */
const REFUSAL_MS = 5_000;

interface Told {
  readonly answer: Promise<boolean>;
  /** By the monotonic clock: until when the answer counts. */
  until: number;
}

/**
 * Tokens that somebody else looks after. Each that is refused is told once, however many requests carried it; again only where there was
 * no other, after some seconds.
 */
export function providedToken({ token, onUnauthorized }: TokenCredentials, clock: Clock): CredentialSource {
  const told = new Map<string, Told>();
  return {
    async current() {
      const given = typeof token === 'function' ? await token() : token;
      return given === null || given === '' ? null : bearer(given);
    },
    refused({ token: refused }) {
      if (onUnauthorized === undefined) return Promise.resolve(false);
      const known = told.get(refused);
      if (known !== undefined && clock.monotonic() < known.until) return known.answer;
      const telling: Told = { answer: Promise.resolve(onUnauthorized(refused)), until: Number.POSITIVE_INFINITY };
      told.set(refused, telling);
      telling.answer.then(
        (isRenewed) => {
          if (!isRenewed) telling.until = clock.monotonic() + REFUSAL_MS;
        },
        // One that failed may be told again.
        () => told.delete(refused),
      );
      const [oldest] = told.keys();
      if (told.size > REMEMBERED && oldest !== undefined) told.delete(oldest);
      return telling.answer;
    },
  };
}
