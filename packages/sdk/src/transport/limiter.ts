import type { Scope } from './scope.ts';

/** `session` goes before everything, `low` behind everything. */
export type Rank = 'session' | 'foreground' | 'low';

/** Lets so many through at the same moment; the others wait by rank, and in the order they came. */
export class Limiter {
  readonly #capacity: number;
  readonly #waiting: Record<Rank, (() => void)[]> = { session: [], foreground: [], low: [] };
  #inside = 0;
  #lowInside = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get inside(): number {
    return this.#inside;
  }

  get waiting(): number {
    return this.#waiting.session.length + this.#waiting.foreground.length + this.#waiting.low.length;
  }

  /**
   * Waits for a place.
   *
   * @returns gives it back; to be called once.
   */
  async enter(rank: Rank, scope: Scope): Promise<() => void> {
    scope.signal.throwIfAborted();
    if (!this.#hasPlace(rank)) {
      const queue = this.#waiting[rank];
      let waiter = (): void => undefined;
      const turn = new Promise<void>((go) => {
        waiter = go;
        queue.push(go);
      });
      try {
        await scope.within(turn);
      } catch (error) {
        const index = queue.indexOf(waiter);
        if (index >= 0) queue.splice(index, 1);
        // It had its turn at the very moment it was given up.
        else this.#leave(rank);
        throw error;
      }
    } else {
      this.#take(rank);
    }
    return () => this.#leave(rank);
  }

  /** Low ranks leave half of the places free, so that nobody in the foreground waits for them. */
  #hasPlace(rank: Rank): boolean {
    if (this.#inside >= this.#capacity) return false;
    if (rank !== 'low') return true;
    const { session, foreground } = this.#waiting;
    return session.length + foreground.length === 0 && this.#lowInside < Math.max(1, this.#capacity >> 1);
  }

  #take(rank: Rank): void {
    this.#inside += 1;
    if (rank === 'low') this.#lowInside += 1;
  }

  #leave(rank: Rank): void {
    this.#inside -= 1;
    if (rank === 'low') this.#lowInside -= 1;
    for (const next of ['session', 'foreground', 'low'] as const) {
      while (this.#waiting[next].length > 0 && this.#hasPlace(next)) {
        this.#take(next);
        this.#waiting[next].shift()?.();
      }
    }
  }
}
