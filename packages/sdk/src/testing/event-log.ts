import type { PublishedEvent } from '@ordinaut/contract';
import type { Clock } from '../clock.ts';
import { newId } from './new-id.ts';

/** A reader has missed events. */
export interface EventGap {
  readonly after: string;
  readonly oldest: string | null;
}

/** Events, kept up to a number, with those who wait for the next one. */
export class EventLog {
  readonly #clock: Clock;
  readonly #keep: number;
  readonly #listeners = new Set<() => void>();
  #events: PublishedEvent[] = [];
  readonly #counts = new Map<string, { count: number; last: PublishedEvent }>();
  #ms = 0;
  #seq = 0;

  /** @param keep how many are kept. */
  constructor(clock: Clock, keep: number) {
    this.#clock = clock;
    this.#keep = keep;
  }

  /** What is kept, the oldest first. */
  get all(): readonly PublishedEvent[] {
    return this.#events;
  }

  publish(topic: string, data: unknown, source: string | null = 'core'): PublishedEvent {
    const now = this.#clock.now();
    // Ids rise also where the clock goes back.
    this.#seq = now > this.#ms ? 0 : this.#seq + 1;
    this.#ms = Math.max(now, this.#ms);
    const event: PublishedEvent = {
      id: `${this.#ms}-${this.#seq}`,
      stream: 'core',
      topic,
      data,
      source,
      event_id: newId(now),
      published_at: new Date(now).toISOString(),
    };
    this.#events.push(event);
    if (this.#events.length > this.#keep) this.#events = this.#events.slice(-this.#keep);
    this.#counts.set(topic, { count: (this.#counts.get(topic)?.count ?? 0) + 1, last: event });
    for (const listener of this.#listeners) listener();
    return event;
  }

  /** Id of the newest event; `0-0` where there is none. */
  get head(): string {
    return this.#events.at(-1)?.id ?? '0-0';
  }

  /** Every topic there was an event of, with their number. */
  topics(): { readonly topic: string; readonly count: number; readonly last: PublishedEvent }[] {
    return [...this.#counts].map(([topic, { count, last }]) => ({ topic, count, last }));
  }

  /** Forgets what is older than an instant, epoch milliseconds; answers how many went. Default: everything. */
  forget(before = Number.POSITIVE_INFINITY): number {
    const kept = this.#events.filter(({ published_at }) => Date.parse(published_at) >= before);
    const gone = this.#events.length - kept.length;
    this.#events = kept;
    return gone;
  }

  /**
   * The events after an id, and then as they come, until the signal is aborted.
   *
   * @param after `0-0`: from the oldest; null: from now on.
   */
  async *follow(after: string | null, signal: AbortSignal): AsyncGenerator<PublishedEvent | EventGap> {
    let wake = () => {};
    const listener = () => wake();
    this.#listeners.add(listener);
    signal.addEventListener('abort', listener);
    try {
      let last = this.#events.at(-1)?.id ?? null;
      if (after !== null) {
        last = after === '0-0' ? null : after;
        if (last !== null && !this.#events.some(({ id }) => id === after)) {
          yield { after, oldest: this.#events[0]?.id ?? null };
          last = null;
        }
      }
      while (!signal.aborted) {
        const changed = new Promise<void>((resolve) => {
          wake = resolve;
        });
        // They are in order, and mostly all but the newest have been read.
        const read = last === null ? -1 : this.#events.findLastIndex(({ id }) => !isLater(id, last ?? ''));
        const next = this.#events.slice(read + 1);
        for (const event of next) {
          last = event.id;
          yield event;
        }
        // Aborted while somebody read.
        if (next.length === 0 && !signal.aborted) await changed;
      }
    } finally {
      this.#listeners.delete(listener);
      signal.removeEventListener('abort', listener);
    }
  }
}

function isLater(id: string, than: string): boolean {
  const [ms = 0, seq = 0] = id.split('-').map(Number);
  const [otherMs = 0, otherSeq = 0] = than.split('-').map(Number);
  return ms > otherMs || (ms === otherMs && seq > otherSeq);
}
