import { Redis } from 'ioredis';
import type { Part } from '../harness/part.ts';
import { type EventsInput, type EventsOutput, measure } from '../ours/events.ts';

const COUNT = 500;

/**
 * The commands alone, as a careful program would send them with ioredis: XADD with auto-pipelining, a consumer group on a connection
 * of its own that blocks in XREADGROUP, and one XACK for what was read. Nothing is validated, nothing is taken over, nothing is
 * retried.
 */
export const eventsOfRedis: Part<EventsInput & { url: string; prefix: string }, EventsOutput> = {
  source: import.meta.url,
  name: 'eventsOfRedis',
  async run({ url, prefix, ...input }) {
    const key = `${prefix}:bare`;
    const publisher = new Redis(url, { enableAutoPipelining: true });
    const consumer = new Redis(url);
    await publisher.xgroup('CREATE', key, 'bench', '$', 'MKSTREAM');
    let handled: (data: unknown) => void = () => {};
    let reading = true;
    const read = async () => {
      while (reading) {
        const streams = (await consumer.xreadgroup(
          'GROUP',
          'bench',
          'one',
          'COUNT',
          COUNT,
          'BLOCK',
          200,
          'STREAMS',
          key,
          '>',
        )) as [string, [string, string[]][]][] | null;
        const entries = streams?.[0]?.[1] ?? [];
        for (const [, fields] of entries) handled(JSON.parse(fields[1] ?? 'null'));
        if (entries.length > 0) await consumer.xack(key, 'bench', ...entries.map(([id]) => id));
      }
    };
    const loop = read();
    const measured = await measure(
      input,
      (n) => publisher.xadd(key, '*', 'data', JSON.stringify({ n })),
      (listener) => {
        handled = listener;
      },
    );
    reading = false;
    await loop;
    publisher.disconnect();
    consumer.disconnect();
    return measured;
  },
};
