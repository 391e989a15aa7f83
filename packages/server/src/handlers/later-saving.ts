import type { Clock } from '../kernel/clock.ts';
import { isUnavailable } from '../kernel/errors.ts';

/** What is stored after its request was answered. */
export interface Saving {
  /** @throws ApiError `unavailable` where it may be tried again. It then has to find out what came of the time before. */
  store(): Promise<void>;
  stored(): void;
  lost(error: unknown): void;
}

export interface LaterSavingDeps {
  readonly clock: Pick<Clock, 'sleep'>;
  readonly random: () => number;
  /** Bytes of events that may wait. Default: 32 MiB, which are about four times as much in memory. */
  readonly budget?: number;
}

const BUDGET_BYTES = 33_554_432;
/** What a request costs however small its events are. */
const OVERHEAD_BYTES = 1024;
/** Transactions under way at the same time: more would only wait for the connections of the store. */
const LANES = 8;
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 10_000;

/**
 * Stores what clients do not wait for.
 *
 *   hold ──> save ──> waiting ──> a lane ──> stored
 *    └─ false: there is too much      │  └─ fails: lost
 *                                     └─ the store is away: again with a growing delay; once it stops, one last time
 */
export class LaterSaving {
  readonly #deps: LaterSavingDeps;
  readonly #waiting: { readonly saving: Saving; readonly cost: number }[] = [];
  readonly #lanes = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #held = 0;

  constructor(deps: LaterSavingDeps) {
    this.#deps = deps;
  }

  /** Takes room for so many bytes; false: there is none, and nothing is to be saved later. `save` gives it back. */
  hold(bytes: number): boolean {
    const cost = bytes + OVERHEAD_BYTES;
    if (this.#held + cost > (this.#deps.budget ?? BUDGET_BYTES)) return false;
    this.#held += cost;
    return true;
  }

  /** @param bytes as many as were held for it. */
  save(saving: Saving, bytes: number): void {
    this.#waiting.push({ saving, cost: bytes + OVERHEAD_BYTES });
    if (this.#lanes.size >= LANES) return;
    const lane = this.#work();
    this.#lanes.add(lane);
    void lane.finally(() => this.#lanes.delete(lane));
  }

  /** Waits until everything is stored or lost; from now on nothing is tried again. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('The server is stopping.'));
    while (this.#lanes.size > 0) await Promise.all(this.#lanes);
  }

  async #work(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const { saving, cost } = next;
      try {
        await this.#untilStored(saving);
        saving.stored();
      } catch (error) {
        saving.lost(error);
      } finally {
        this.#held -= cost;
      }
    }
  }

  async #untilStored({ store }: Saving): Promise<void> {
    const { signal } = this.#stop;
    for (let delay = FIRST_RETRY_MS; ; delay = Math.min(delay * 2, LONGEST_RETRY_MS)) {
      const isLast = signal.aborted;
      try {
        return await store();
      } catch (error) {
        if (isLast || !isUnavailable(error)) throw error;
      }
      const { clock, random } = this.#deps;
      await clock.sleep(delay * (0.5 + random() / 2), signal).catch(() => undefined);
    }
  }
}
