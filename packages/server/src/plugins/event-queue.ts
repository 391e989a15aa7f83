import type { Clock } from '../kernel/clock.ts';
import { type Counts, noCounts } from './counts.ts';
import { Ring } from './ring.ts';

export interface EventQueueOptions<Payload> {
  /** Calls the plugin. A promise is waited for. */
  handle(payload: Payload): unknown;
  /** Runs a piece of work as the plugin's: what it starts is counted on it. */
  runAs(work: () => void): void;
  /** Hears of each failed call. @param willRetry whether it is called again. */
  onFailure(error: unknown, willRetry: boolean): void;
  /** Hears at the first event that is dropped, and at most once a minute after that. @param dropped since it heard the last time. */
  onDrop(dropped: number): void;
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>;
  readonly random: () => number;
  /** Events kept while the plugin does not come by; default 10,000. */
  readonly capacity?: number;
  /** What the events that wait may weigh together; default: it is not looked at. */
  readonly weight?: { of(payload: Payload): number; readonly most: number };
  /** Calls under way at the same time; default 64. */
  readonly concurrency?: number;
  /** Milliseconds one call may take; default 10,000. */
  readonly timeoutMs?: number;
  /** Calls of one event in all; default 1. */
  readonly attempts?: number;
}

/** Before the second call, and four times that before the third; with up to a half less, so that several do not come at once. */
const FIRST_RETRY_MS = 500;
/** How long events are gathered for one turn, in milliseconds: beginning a turn costs as much as a few calls. */
const GATHER_MS = 4;
/** Calls made in one turn of the event loop; requests come in between. */
const TURN = 512;
const DROP_NOTE_MS = 60_000;

interface Call {
  readonly deadline: number;
  settle(error: unknown): void;
}

/**
 * The events of one plugin class, between whoever they come from and the plugin.
 *
 *   push ──> waiting (bounded, drops the oldest) ──> a call ──> handled
 *                                                      ├─ throws, or takes too long ──> after a delay another call, or failed
 *
 * `push` costs one write into an array. The calls are made in turns of their own, many in one, and their time is watched with one
 * timer for all: the throughput of a server whose requests are all monitored depends on what one event costs here.
 */
export class EventQueue<Payload> {
  readonly counts: Counts = noCounts();
  readonly #options: EventQueueOptions<Payload>;
  readonly #waiting: Ring<Payload>;
  readonly #concurrency: number;
  readonly #timeoutMs: number;
  readonly #attempts: number;
  /** Calls that are not over, the oldest first. */
  readonly #calls = new Set<Call>();
  readonly #stop = new AbortController();
  #retrying = 0;
  #weight = 0;
  #turn: NodeJS.Timeout | null = null;
  #watch: NodeJS.Timeout | null = null;
  #droppedAt = Number.NEGATIVE_INFINITY;
  #unsaid = 0;
  #idle: (() => void) | null = null;

  constructor(options: EventQueueOptions<Payload>) {
    this.#options = options;
    this.#waiting = new Ring(options.capacity ?? 10_000);
    this.#concurrency = options.concurrency ?? 64;
    this.#timeoutMs = options.timeoutMs ?? 10_000;
    this.#attempts = options.attempts ?? 1;
  }

  /** Events that are waiting or being handled. */
  get size(): number {
    return this.#waiting.size + this.#busy;
  }

  get #busy(): number {
    return this.#calls.size + this.#retrying;
  }

  push(payload: Payload): void {
    if (this.#stop.signal.aborted) return;
    this.#weight += this.#weightOf(payload);
    const dropped = this.#waiting.push(payload);
    if (dropped !== undefined) this.#dropped(dropped);
    const { weight } = this.#options;
    if (weight !== undefined)
      while (this.#weight > weight.most && this.#waiting.size > 1) this.#dropped(this.#waiting.shift()!);
    this.#schedule();
  }

  /** Waits until everything is handled, at most `ms`; then takes nothing any more. Answers how many events were lost. */
  async close(ms: number): Promise<number> {
    if (this.size > 0 && ms > 0) {
      const done = Promise.withResolvers<void>();
      const timer = setTimeout(done.resolve, ms);
      this.#idle = done.resolve;
      await done.promise;
      clearTimeout(timer);
      this.#idle = null;
    }
    const lost = this.size;
    this.counts.dropped += lost;
    this.#stop.abort(new Error('The plugin is stopped.'));
    this.#waiting.clear();
    this.#weight = 0;
    this.#calls.clear();
    // Whoever has begun to wait for the end before has it now.
    this.#idle?.();
    if (this.#turn !== null) clearTimeout(this.#turn);
    if (this.#watch !== null) clearTimeout(this.#watch);
    return lost;
  }

  #schedule(): void {
    if (this.#turn !== null || this.#waiting.size === 0 || this.#busy >= this.#concurrency) return;
    this.#turn = setTimeout(() => {
      this.#turn = null;
      this.#options.runAs(() => this.#begin());
      this.#schedule();
    }, GATHER_MS);
  }

  #begin(): void {
    for (let begun = 0; begun < TURN && this.#busy < this.#concurrency; begun += 1) {
      const payload = this.#waiting.shift();
      if (payload === undefined) break;
      this.#weight -= this.#weightOf(payload);
      this.#call(payload, 1);
    }
    this.#settled();
  }

  #call(payload: Payload, attempt: number): void {
    let result: unknown;
    try {
      result = this.#options.handle(payload);
    } catch (error) {
      this.#failed(payload, attempt, error);
      return;
    }
    if (!isThenable(result)) {
      this.counts.handled += 1;
      return;
    }
    const call: Call = {
      deadline: this.#options.clock.monotonic() + this.#timeoutMs,
      settle: (error) => {
        // Whatever comes later is not heard.
        if (!this.#calls.delete(call)) return;
        if (error === null) this.counts.handled += 1;
        else this.#failed(payload, attempt, error);
        this.#settled();
      },
    };
    this.#calls.add(call);
    result.then(
      () => call.settle(null),
      (error: unknown) => call.settle(error ?? new Error('It was rejected without a reason.')),
    );
    this.#watchCalls();
  }

  #failed(payload: Payload, attempt: number, error: unknown): void {
    const willRetry = attempt < this.#attempts;
    if (willRetry) this.counts.retried += 1;
    else this.counts.failed += 1;
    this.#tell(error, willRetry);
    if (!willRetry || this.#stop.signal.aborted) return;
    const { clock, random, runAs } = this.#options;
    const delay = FIRST_RETRY_MS * 4 ** (attempt - 1) * (0.5 + random() / 2);
    this.#retrying += 1;
    clock.sleep(delay, this.#stop.signal).then(
      () => {
        this.#retrying -= 1;
        runAs(() => this.#call(payload, attempt + 1));
        this.#settled();
      },
      () => {
        this.#retrying -= 1;
      },
    );
  }

  /** A place is free, or everything is done. */
  #settled(): void {
    if (this.#waiting.size > 0) this.#schedule();
    else if (this.#busy === 0) this.#idle?.();
  }

  /** All calls have the same time, so the oldest is the first to be late. */
  #watchCalls(): void {
    if (this.#watch !== null) return;
    const [oldest] = this.#calls;
    if (oldest === undefined) return;
    const ms = Math.max(1, oldest.deadline - this.#options.clock.monotonic());
    this.#watch = setTimeout(() => {
      this.#watch = null;
      const now = this.#options.clock.monotonic();
      for (const call of this.#calls) {
        if (call.deadline > now) break;
        call.settle(new Error(`It took longer than ${this.#timeoutMs / 1000} s.`));
      }
      this.#watchCalls();
    }, ms);
    this.#watch.unref();
  }

  /** What was thrown may itself throw when it is looked at; the queue goes on. */
  #tell(error: unknown, willRetry: boolean): void {
    try {
      this.#options.onFailure(error, willRetry);
    } catch {
      this.#options.onFailure(new Error('The plugin has thrown something that cannot be shown.'), willRetry);
    }
  }

  #weightOf(payload: Payload): number {
    return this.#options.weight?.of(payload) ?? 0;
  }

  #dropped(payload: Payload): void {
    this.#weight -= this.#weightOf(payload);
    this.counts.dropped += 1;
    this.#unsaid += 1;
    const now = this.#options.clock.monotonic();
    if (now - this.#droppedAt < DROP_NOTE_MS) return;
    this.#droppedAt = now;
    this.#options.onDrop(this.#unsaid);
    this.#unsaid = 0;
  }
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
