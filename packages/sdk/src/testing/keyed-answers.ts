import type { Clock } from '../clock.ts';
import { badRequest, conflict, TestError } from './test-error.ts';

/** An answer as it is kept. */
export interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const KEPT_MS = 86_400_000;

/** The `Idempotency-Key` of a request; null where there is none. @throws TestError `bad_request` */
export function readKey(key: string | undefined): string | null {
  if (key === undefined) return null;
  if (/^[\x20-\x7e]{1,255}$/.test(key)) return key;
  throw badRequest([{ field: 'Idempotency-Key', issue: 'must be 1 to 255 printable ASCII characters' }]);
}

/** Answers a keyed request once, as the server does: final answers are kept for 24 hours; 408, 429 and 5xx are not. */
export class KeyedAnswers {
  readonly #clock: Clock;
  readonly #kept = new Map<string, { request: string; answer: KeptAnswer | null; at: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * @param request what makes a request the same request.
   * @throws TestError `conflict` where the key belongs to another request or the same one is still being answered.
   */
  async answer(key: string, request: string, perform: () => Promise<KeptAnswer>): Promise<KeptAnswer> {
    const known = this.#kept.get(key);
    if (known !== undefined && known.at > this.#clock.now() - KEPT_MS) {
      if (known.request !== request)
        throw conflict('This Idempotency-Key was used for another request. Use a new key for a new request.');
      if (known.answer === null) throw inProgress();
      return { ...known.answer, headers: { ...known.answer.headers, 'idempotency-replayed': 'true' } };
    }
    const entry = { request, answer: null as KeptAnswer | null, at: this.#clock.now() };
    this.#kept.set(key, entry);
    try {
      const answer = await perform();
      if (isFinal(answer.status)) entry.answer = answer;
      return answer;
    } finally {
      if (entry.answer === null) this.#kept.delete(key);
    }
  }
}

const isFinal = (status: number): boolean => status < 500 && status !== 408 && status !== 429;

const inProgress = () =>
  new TestError(
    'conflict',
    'The same request with this Idempotency-Key is being answered now. Ask again soon.',
    {},
    { 'retry-after': '1' },
  );
