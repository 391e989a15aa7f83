import type { StreamEvent } from '../streams.ts';
import { type Entry, eventsOf, merged, placeOf } from './entries.ts';
import type { RedisGroups } from './redis-groups.ts';

/** What one command has handed out. */
export interface Taken {
  readonly stream: string;
  readonly entries: readonly Entry[];
  /** Index of the first event of each entry that is not handled yet; none: they are new. */
  readonly progress?: readonly number[];
}

/** An entry that a consumer works on. */
export interface Handout {
  readonly stream: string;
  readonly id: string;
  /** The events in it that are wanted and not handled. */
  readonly events: readonly StreamEvent[];
  /** How many of these are handled. */
  done: number;
  /** How many of these were handled when it was told the last time. */
  told: number;
  /** Whether Redis has a note of how far it is handled. */
  noted: boolean;
  acknowledged: boolean;
  /** Whether others have it now. */
  lost: boolean;
}

/** What a consumer has taken: in the order in which it is handled, and what Redis does not know of it yet. */
export class HandedOut {
  readonly handouts: readonly Handout[];
  readonly #groups: RedisGroups;
  readonly #group: string;
  readonly #streams: readonly string[];
  /** What is done and not acknowledged. */
  readonly #done: Handout[] = [];

  constructor(groups: RedisGroups, group: string, taken: readonly Taken[], wants: (topic: string) => boolean) {
    this.#groups = groups;
    this.#group = group;
    this.#streams = taken.map(({ stream }) => stream);
    const lists = taken.map(({ stream, entries, progress }) =>
      entries.flatMap((entry, at) => {
        const events = eventsOf(stream, entry, wants, progress?.[at]);
        const noted = (progress?.[at] ?? 0) > 0;
        const handout = { stream, id: entry[0], events, done: 0, told: 0, noted, acknowledged: false, lost: false };
        const [first] = events;
        if (first !== undefined) return [{ handout, publishedAt: first.publishedAt, eventId: first.eventId }];
        this.#done.push(handout);
        return [];
      }),
    );
    this.handouts = merged(lists).map(({ handout }) => handout);
  }

  /** What was wanted of it is handled. */
  finish(handout: Handout): void {
    this.#done.push(handout);
  }

  /** Acknowledges what is done, and notes how far an entry is handled in the middle of which the consumer stands. */
  async tell(present: Handout | null): Promise<void> {
    const told = this.#done.slice();
    const acks = new Map<string, string[]>(this.#streams.map((stream) => [stream, []]));
    for (const { stream, id } of told) acks.get(stream)!.push(id);
    const done = present?.done ?? 0;
    const next = present === null || present.lost || done === present.told ? undefined : present.events[done];
    const note =
      present === null || next === undefined
        ? null
        : { stream: present.stream, id: present.id, index: placeOf(next.id)!.index };
    await this.#groups.settle(this.#group, { acks, note, forget: told.filter(({ noted }) => noted) });
    this.#done.splice(0, told.length);
    for (const handout of told) handout.acknowledged = true;
    if (present === null || note === null) return;
    present.told = done;
    present.noted = true;
  }

  /** Keeps from others what is not acknowledged, and finds what they have taken over. */
  async renew(consumer: string): Promise<void> {
    for (const stream of this.#streams) {
      const mine = await this.#groups.renew(stream, this.#group, consumer);
      for (const handout of this.handouts) {
        if (handout.stream !== stream || mine.has(handout.id)) continue;
        if (!handout.acknowledged && !this.#done.includes(handout)) handout.lost = true;
      }
    }
  }

  /** Hands back what is not acknowledged. */
  async release(): Promise<void> {
    const left = [...this.handouts, ...this.#done].filter(({ acknowledged, lost }) => !acknowledged && !lost);
    for (const stream of this.#streams) {
      const ids = new Set(left.filter((handout) => handout.stream === stream).map(({ id }) => id));
      await this.#groups.release(stream, this.#group, [...ids]);
    }
  }
}
