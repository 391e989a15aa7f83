import type { TokenCredentials } from '../options.ts';
import { bearer, type CredentialSource } from './credential-source.ts';

/** Refused tokens that are remembered: late answers to requests that carried them may still be under way. */
const REMEMBERED = 16;

/** Tokens that somebody else looks after. Each that is refused is told once, however many requests carried it. */
export function providedToken({ token, onUnauthorized }: TokenCredentials): CredentialSource {
  const told = new Map<string, Promise<boolean>>();
  return {
    async current() {
      const given = typeof token === 'function' ? await token() : token;
      return given === null || given === '' ? null : bearer(given);
    },
    refused({ token: refused }) {
      if (onUnauthorized === undefined) return Promise.resolve(false);
      let answer = told.get(refused);
      if (answer === undefined) {
        answer = Promise.resolve(onUnauthorized(refused));
        told.set(refused, answer);
        // One that failed may be told again.
        answer.catch(() => told.delete(refused));
        const [oldest] = told.keys();
        if (told.size > REMEMBERED && oldest !== undefined) told.delete(oldest);
      }
      return answer;
    },
  };
}
