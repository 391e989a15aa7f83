import type { Observed } from './probe.ts';

const HANGS = Symbol('hangs');

/** Takes down what becomes of calls. */
export class Outcomes {
  readonly #limitMs: number;
  readonly #ms: (number | null)[] = [];
  readonly #failed: Record<string, number> = {};
  #succeeded = 0;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  get hasHung(): boolean {
    return this.#ms.includes(null);
  }

  /** Whether anything did not succeed. */
  get hasFailed(): boolean {
    return this.#succeeded < this.#ms.length;
  }

  /** Makes a call and waits until it is settled, or the limit is reached. */
  async of(call: () => Promise<unknown>): Promise<void> {
    const begunAt = performance.now();
    const limit = Promise.withResolvers<typeof HANGS>();
    const timer = setTimeout(() => limit.resolve(HANGS), this.#limitMs);
    try {
      const hangs = (await Promise.race([call(), limit.promise])) === HANGS;
      this.#ms.push(hangs ? null : performance.now() - begunAt);
      if (!hangs) this.#succeeded += 1;
    } catch (error) {
      this.#ms.push(performance.now() - begunAt);
      const name = nameOf(error);
      this.#failed[name] = (this.#failed[name] ?? 0) + 1;
    } finally {
      clearTimeout(timer);
    }
  }

  observed(): Observed {
    return { ms: this.#ms, succeeded: this.#succeeded, failed: this.#failed };
  }
}

/** The name of an error, or its class where it has none of its own. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.name === 'Error' ? error.constructor.name : error.name;
}
