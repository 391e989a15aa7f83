import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { eventsOf, fitting, placeOf, toEntries } from '../../src/events/redis/entries.ts';
import { RedisClient } from '../../src/events/redis/redis-client.ts';
import { keepSmall } from '../../src/events/redis/trim.ts';
import { extensionStream } from '../../src/events/streams.ts';
import { eventUuid, type NewBlock } from '../../src/storage/event-log.ts';
import { logger } from '../support/stores.ts';
import { newStreamsPlace, type StreamsPlace } from './stream-places.ts';

const BLOCK = '019a0000-0000-7000-8000-0000000000fe';
const block = (n: number, data: unknown, more: Partial<NewBlock> = {}): NewBlock => ({
  id: BLOCK,
  stream: 's',
  topic: 'a.b',
  source: null,
  chain: 0,
  n,
  events: JSON.stringify(Array.from({ length: n }, () => data)),
  publishedAt: 0,
  ...more,
});

describe('entries of events', () => {
  test('blocks of one stream share an entry up to a thousand events and a million characters', () => {
    const other = block(1, 0, { stream: 't' });
    const { entries, places } = toEntries([block(600, 1), other, block(400, 2), block(1, 3)]);
    expect(entries.map(({ stream, n }) => [stream, n])).toEqual([
      ['s', 1000],
      ['t', 1],
      ['s', 1],
    ]);
    expect(places).toEqual([
      { entry: 0, first: 0 },
      { entry: 1, first: 0 },
      { entry: 0, first: 600 },
      { entry: 2, first: 0 },
    ]);
    const large = block(2, 'x'.repeat(300_000));
    expect(toEntries([large, large]).entries).toHaveLength(2);
  });

  test('a block that is too large becomes several, whose events keep their UUIDs', () => {
    for (const whole of [block(2500, 1), block(9, 'x'.repeat(200_000))]) {
      const parts = fitting(whole);
      expect(parts.length).toBeGreaterThan(1);
      const { entries } = toEntries(parts);
      expect(entries.every(({ n, fields }) => n <= 1000 && fields[1].length <= 1_000_000)).toBe(true);
      const ids = entries.flatMap(({ fields }) => eventsOf('s', ['1-0', fields]).map((event) => event.eventId));
      expect(ids).toEqual(Array.from({ length: whole.n }, (_, index) => eventUuid(BLOCK, index)));
    }
  });

  test('an id gives back the entry and the place in it', () => {
    const { entries } = toEntries([block(1000, 1)]);
    const events = eventsOf('s', ['170-3', entries[0]!.fields]);
    expect([events[0]!.id, events[999]!.id]).toEqual(['170-3000', '170-3999']);
    expect(placeOf('170-3999')).toEqual({ entry: '170-3', index: 999 });
    expect(placeOf('what')).toBe(null);
  });
});

describe.skipIf(inject('redisUrl') === null)('entries in Redis', () => {
  let place: StreamsPlace;
  let client: RedisClient;
  beforeEach(async () => {
    place = await newStreamsPlace('redis');
    client = new RedisClient({ url: inject('redisUrl')!, prefix: place.settings.redisPrefix, logger });
    await client.start();
  });
  afterEach(async () => {
    client.stop();
    await place.remove();
  });

  test('what is published together is one entry', async () => {
    const streams = await place.open();
    const stream = extensionStream('x', 'a.b');
    const publish = (n: number) => streams.publish({ topic: 'a.b', data: n, source: null, stream });
    await Promise.all(Array.from({ length: 300 }, (_, n) => publish(n)));
    expect(await client.redis.xlen(client.streamKey(stream))).toBe(1);
    const { event } = await publish(300);
    expect(event.id).toMatch(/^\d+-0$/);
  });

  test('nothing is left behind of entries that were handled in parts', async () => {
    const streams = await place.open();
    const ended = Promise.withResolvers<void>();
    let failed = false;
    const leave = await streams.subscribe({
      group: 'g',
      pattern: '**',
      handler({ data }) {
        if (data === 5 && !failed) {
          failed = true;
          throw new Error('once');
        }
        if (data === 9) ended.resolve();
      },
    });
    const publish = (n: number) => streams.publish({ topic: 'a.b', data: n, source: null });
    await Promise.all(Array.from({ length: 10 }, (_, n) => publish(n)));
    await ended.promise;
    await leave();
    const left = await client.redis.keys(client.key('*:g'));
    expect(left).toEqual([]);
    expect(await client.redis.xpending(client.streamKey('core'), 'g')).toMatchObject([0, null, null, null]);
  });

  test('what a killed process had noted of an entry is not handled again', { timeout: 60_000 }, async () => {
    const program = fileURLToPath(new URL('./consumer-process.ts', import.meta.url));
    const settings = JSON.stringify({ ...place.settings, together: true });
    const child = spawn(process.execPath, ['--conditions=ordinaut-source', program, settings], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const handled: unknown[] = [];
    const hanging = Promise.withResolvers<void>();
    createInterface(child.stdout).on('line', (line) => {
      handled.push(JSON.parse(line));
      if (handled.at(-1) === 3) hanging.resolve();
    });
    await hanging.promise;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    // It failed once at the third, which notes how far it was.
    expect(handled).toEqual([0, 1, 2, 2, 3]);
    const streams = await place.open();
    const seen: unknown[] = [];
    const all = Promise.withResolvers<void>();
    await streams.subscribe({
      group: 'workers',
      pattern: 'job.*',
      handler({ data }) {
        if (seen.push(data) && data === 7) all.resolve();
      },
    });
    await all.promise;
    expect(seen.at(0) === 2 || seen.at(0) === 3).toBe(true);
    expect(seen.slice(seen.indexOf(3))).toEqual([3, 4, 5, 6, 7]);
  });

  test('a stream is kept small by the number of its events, not of its entries', async () => {
    const key = client.streamKey('s');
    for (let n = 1; n <= 300; n++) await client.redis.xadd(key, `${n}-0`, 'e', '[]');
    await keepSmall(client, 's', { total: 50_010, n: 20, id: '250-0' });
    await keepSmall(client, 's', { total: 1_000_005, n: 10, id: '290-0' });
    expect(await client.redis.xlen(key)).toBe(300);
    await keepSmall(client, 's', { total: 1_050_020, n: 30, id: '300-0' });
    // Redis takes away whole pieces of a hundred.
    expect(await client.redis.xlen(key)).toBe(100);
    expect(await client.redis.zrange(client.key('marks:s'), '0', '-1')).toEqual(['290-0', '300-0']);
  });
});
