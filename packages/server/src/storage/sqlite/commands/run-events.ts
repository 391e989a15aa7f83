import { notedBlock } from '../../run-events.ts';
import type { StatementCache } from '../statement-cache.ts';
import { noteEvents } from './events.ts';

/** Collects the events of a batch of runs by topic, so that they are one row each. */
export class RunEvents {
  readonly #byTopic = new Map<string, string[]>();

  add(topic: string, event: string): void {
    const events = this.#byTopic.get(topic);
    if (events === undefined) this.#byTopic.set(topic, [event]);
    else events.push(event);
  }

  note(statements: StatementCache, now: number): void {
    const blocks = [...this.#byTopic].map(([topic, events]) => notedBlock(topic, events, now));
    noteEvents(statements, blocks);
  }
}
