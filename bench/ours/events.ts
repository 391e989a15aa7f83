import { openStreams } from '../../packages/server/src/events/open-streams.ts';
import { extensionStream } from '../../packages/server/src/events/streams.ts';
import { systemClock } from '../../packages/server/src/kernel/clock.ts';
import { createLogger } from '../../packages/server/src/kernel/logger.ts';
import { EventTriggers } from '../../packages/server/src/tasks/event-triggers.ts';
import { countDown } from '../harness/count-down.ts';
import { openEngine, type Place } from '../harness/engine.ts';
import type { Part } from '../harness/part.ts';

export interface EventsInput {
  /** Events published for the rate, and how many publishers wait for theirs at a time. */
  readonly events: number;
  readonly publishers: number;
  readonly warmUp: number;
  /** Events published one at a time for the latency. */
  readonly samples: number;
}

export interface EventsOutput {
  readonly perSecond: number;
  /** From the call that publishes until the handler is called, milliseconds. */
  readonly latencies: number[];
}

/**
 * Ours: events are published by the call that extensions use, on the stream of an extension, and handled by one consumer group in the same
 * process, each acknowledged. A publisher waits until its event is stored.
 */
export const eventsOfOurs: Part<
  EventsInput & { place: Place; redis: { url: string; prefix: string } | null },
  EventsOutput
> = {
  source: import.meta.url,
  name: 'eventsOfOurs',
  async run({ place, redis, events, publishers, warmUp, samples }) {
    const engine = await openEngine(place);
    const logger = createLogger('warn');
    const trigger = new EventTriggers({ store: engine.store, clock: systemClock, logger });
    const streams =
      redis === null
        ? engine.streams
        : await openStreams({
            store: engine.store,
            redisUrl: redis.url,
            redisPrefix: `${redis.prefix}:`,
            trigger,
            clock: systemClock,
            logger,
            instance: 'bench',
          });
    await streams.start();
    let handled: (data: unknown) => void = () => {};
    await streams.subscribe({ group: 'bench', pattern: 'bench.*', handler: ({ data }) => handled(data) });
    const stream = extensionStream('bench', 'bench.event');
    const publish = (n: number) => streams.publish({ stream, topic: 'bench.event', data: { n }, source: 'ext.bench' });
    const onHandled = (listener: (data: unknown) => void) => {
      handled = listener;
    };
    const measured = await measure({ events, publishers, warmUp, samples }, publish, onHandled);
    await streams.stop();
    await engine.close();
    return measured;
  },
};

/** What is measured is the same for every side. */
export async function measure(
  { events, publishers, warmUp, samples }: EventsInput,
  publish: (n: number) => Promise<unknown>,
  onHandled: (listener: (data: unknown) => void) => void,
): Promise<EventsOutput> {
  const flood = async (count: number): Promise<number> => {
    const counter = countDown(count);
    onHandled(() => counter.count());
    const startedAt = performance.now();
    let next = 0;
    const publisher = async () => {
      while (next < count) await publish(next++);
    };
    await Promise.all(Array.from({ length: publishers }, publisher));
    await counter.done;
    return (performance.now() - startedAt) / 1000;
  };
  await flood(warmUp);
  const perSecond = events / (await flood(events));
  const latencies: number[] = [];
  for (let n = 0; n < samples; n++) {
    const handled = Promise.withResolvers<number>();
    onHandled(() => handled.resolve(performance.now()));
    const publishedAt = performance.now();
    await publish(n);
    latencies.push((await handled.promise) - publishedAt);
  }
  return { perSecond, latencies };
}
