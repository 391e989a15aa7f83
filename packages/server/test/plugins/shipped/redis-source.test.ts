import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { breakEvents, holdEvents } from '../../support/hold-events.ts';
import { privateRedis } from '../../support/redis.ts';
import { startServer, type TestApi } from '../../support/server.ts';
import { spawnServer } from '../../support/server-process.ts';
import { publishedOn, shipped, statusOf, until } from '../../support/shipped-plugins.ts';
import { newPlace, type TestPlace } from '../../support/stores.ts';

const name = 'redis_source_plugin';
const topic = 'orders.received';
const redisUrl = inject('redisUrl');

interface Status {
  readonly connected: boolean;
  readonly consumer: string;
  readonly published: number;
  readonly refused: number;
  readonly claimed: number;
}
interface Data {
  readonly id: string;
  readonly fields: Readonly<Record<string, string | readonly string[]>>;
}

const ends: (() => Promise<unknown>)[] = [];
let stream: string;

async function newServerPlace(kind: 'sqlite' | 'postgres' = 'sqlite'): Promise<TestPlace> {
  const place = await newPlace(kind);
  ends.push(() => place.remove());
  return place;
}
function open(url: string): Redis {
  const redis = new Redis(url, { protocol: 2 });
  redis.on('error', () => {
    // The command tells of it.
  });
  ends.push(async () => {
    await redis.del(stream, `${stream}:dead`).catch(() => {
      // The server of the test may be gone.
    });
    redis.disconnect();
  });
  return redis;
}
async function start(place: TestPlace, config: Record<string, unknown>) {
  const api = await startServer(place, { environment: shipped(name, { stream, topic, ...config }) });
  ends.push(() => api.server.stop());
  return api;
}
const add = (redis: Redis, value: number | string) => redis.xadd(stream, '*', 'n', String(value));
const numbersOf = async (api: TestApi) =>
  (await publishedOn<Data>(api, topic)).map(({ data }) => Number(data.fields.n));
const pendingOf = async (redis: Redis) => ((await redis.xpending(stream, 'ordinaut')) as [number])[0];
const upTo = (count: number, from = 0) => Array.from({ length: count }, (_, index) => index + from);

beforeEach(() => {
  stream = `ordinaut-test-${randomBytes(6).toString('hex')}`;
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

describe.skipIf(redisUrl === null)('the source of Redis', () => {
  const url = redisUrl ?? '';

  test('publishes what is in the stream and what comes, in order, and acknowledges it', async () => {
    const redis = open(url);
    for (const number of upTo(3)) await add(redis, number);
    await redis.xadd(stream, '*', 'a', '1', 'a', '2', 'é', '');
    const api = await start(await newServerPlace(), { url });
    await until(async () => (await publishedOn(api, topic)).length === 4);
    for (const number of upTo(200, 3)) await add(redis, number);
    await until(async () => (await publishedOn(api, topic)).length === 204);
    const events = await publishedOn<Data>(api, topic);
    expect(events[0]).toMatchObject({
      topic,
      source: `plugin.${name}`,
      data: { id: expect.stringMatching(/^\d+-\d+$/), fields: { n: '0' } },
    });
    expect(events[3]!.data.fields).toEqual({ a: ['1', '2'], é: '' });
    expect((await numbersOf(api)).filter((number) => !Number.isNaN(number))).toEqual(upTo(203));
    await until(async () => (await pendingOf(redis)) === 0);
    expect(await statusOf<Status>(api, name)).toMatchObject({ connected: true, published: 204, refused: 0 });
    await api.server.stop();
    // A consumer whose name was made up is gone with its process.
    expect(await redis.xinfo('CONSUMERS', stream, 'ordinaut')).toEqual([]);
  });

  test('what can be no event goes to the dead letters, and the others are published', async () => {
    const redis = open(url);
    await add(redis, 1);
    const large = await add(redis, 'x'.repeat(262_144));
    const binary = await redis.xadd(stream, '*', 'n', Buffer.from([0xff, 0xfe]));
    await add(redis, 2);
    const api = await start(await newServerPlace(), { url });
    await until(async () => (await statusOf<Status>(api, name)).refused === 2);
    await until(async () => (await pendingOf(redis)) === 0);
    expect(await numbersOf(api)).toEqual([1, 2]);
    const dead = await redis.xrangeBuffer(`${stream}:dead`, '-', '+');
    const texts = dead.map(([, fields]) => fields!.slice(0, 4).map(String));
    expect(texts).toEqual([
      ['dead_letter_id', large, 'dead_letter_reason', expect.stringMatching(/^The data of the event has \d+ bytes/)],
      ['dead_letter_id', binary, 'dead_letter_reason', 'It is not UTF-8 text.'],
    ]);
    // With what it had, byte by byte.
    expect(dead[1]![1]!.slice(4)).toEqual([Buffer.from('n'), Buffer.from([0xff, 0xfe])]);
  });

  test('what a dead consumer has left pending is claimed', async () => {
    const redis = open(url);
    await redis.xgroup('CREATE', stream, 'ordinaut', '0', 'MKSTREAM');
    for (const number of upTo(250)) await add(redis, number);
    await redis.xreadgroup('GROUP', 'ordinaut', 'dead', 'COUNT', 250, 'STREAMS', stream, '>');
    expect(await pendingOf(redis)).toBe(250);
    const api = await start(await newServerPlace(), { url, claimAfterMs: 100 });
    await until(async () => (await pendingOf(redis)) === 0);
    expect(new Set(await numbersOf(api))).toEqual(new Set(upTo(250)));
    expect((await statusOf<Status>(api, name)).claimed).toBe(250);
  });

  test('consumers that are gone are forgotten, but for those that have something pending', async () => {
    const redis = open(url);
    const consumers = async () =>
      (await redis.xinfo('CONSUMERS', stream, 'ordinaut')) as [string, string, ...unknown[]][];
    await redis.xgroup('CREATE', stream, 'ordinaut', '0', 'MKSTREAM');
    await add(redis, 1);
    await redis.xreadgroup('GROUP', 'ordinaut', 'owing', 'COUNT', 1, 'STREAMS', stream, '>');
    for (const gone of ['gone', 'idle']) await redis.xgroup('CREATECONSUMER', stream, 'ordinaut', gone);
    await until(async () => (await consumers()).every((fields) => Number(fields[5]) > 7000));
    const connected = async (config: object) => {
      const api = await start(await newServerPlace(), { url, claimAfterMs: 86_400_000, ...config });
      await until(async () => (await statusOf<Status>(api, name)).connected);
    };
    const names = async () => (await consumers()).map(([, called]) => called).toSorted();
    await connected({ consumer: 'mine' });
    expect(await names()).toEqual(expect.arrayContaining(['gone', 'idle', 'owing']));
    await connected({ consumer: 'other', forgetAfterMs: 7000 });
    await until(async () => (await names()).includes('other'));
    expect(await names()).toEqual(['mine', 'other', 'owing']);
    expect(await pendingOf(redis)).toBe(1);
  });

  test('a consumer with a name of its own goes on with what was pending for it', async () => {
    const redis = open(url);
    await redis.xgroup('CREATE', stream, 'ordinaut', '0', 'MKSTREAM');
    for (const number of upTo(5)) await add(redis, number);
    const deleted = await add(redis, 5);
    await redis.xreadgroup('GROUP', 'ordinaut', 'mine', 'COUNT', 6, 'STREAMS', stream, '>');
    await redis.xdel(stream, deleted!);
    expect(await pendingOf(redis)).toBe(6);
    const api = await start(await newServerPlace(), { url, consumer: 'mine', batch: 2 });
    await until(async () => (await pendingOf(redis)) === 0);
    expect(await numbersOf(api)).toEqual(upTo(5));
  });

  test.skipIf(inject('postgresUrl') === null)('nothing is acknowledged before it is stored', async () => {
    const place = await newServerPlace('postgres');
    const redis = open(url);
    const api = await start(place, { url });
    await until(async () => (await statusOf<Status>(api, name)).connected);
    const release = await holdEvents(place.databaseUrl!);
    ends.push(release);
    const together = redis.multi();
    for (const number of upTo(3)) together.xadd(stream, '*', 'n', String(number));
    await together.exec();
    await until(async () => (await pendingOf(redis)) === 3);
    expect(await statusOf<Status>(api, name)).toMatchObject({ published: 0, connected: true });
    await release();
    await until(async () => (await pendingOf(redis)) === 0);
    expect(new Set(await numbersOf(api))).toEqual(new Set(upTo(3)));
  });

  test.skipIf(inject('postgresUrl') === null)(
    'what cannot be stored for now stays pending',
    async () => {
      const place = await newServerPlace('postgres');
      const redis = open(url);
      const api = await start(place, { url });
      await until(async () => (await statusOf<Status>(api, name)).connected);
      const mend = await breakEvents(place.databaseUrl!);
      ends.push(mend);
      for (const number of upTo(5)) await add(redis, number);
      await until(async () => !(await statusOf<Status>(api, name)).connected);
      expect(await pendingOf(redis)).toBeGreaterThan(0);
      await mend();
      await until(async () => new Set(await numbersOf(api)).size === 5);
      await until(async () => (await pendingOf(redis)) === 0);
      expect(await statusOf<Status>(api, name)).toMatchObject({ refused: 0 });
      expect(await redis.exists(`${stream}:dead`)).toBe(0);
    },
    60_000,
  );

  test('a process that is killed loses nothing: the next one has it', async () => {
    const place = await newServerPlace();
    const redis = open(url);
    const settings = shipped(name, { stream, topic, url, claimAfterMs: 100, batch: 5 });
    const first = await spawnServer(place, settings);
    for (const number of upTo(100)) await add(redis, number);
    await until(async () => (await statusOf<Status>(first, name)).published >= 5);
    const adding = upTo(300, 100).reduce((before, number) => before.then(() => add(redis, number)), add(redis, 'x'));
    await first.kill();
    await adding;
    const second = await spawnServer(place, settings);
    ends.push(() => second.end());
    await until(async () => {
      const have = new Set(await numbersOf(second));
      return upTo(400).every((number) => have.has(number)) && (await pendingOf(redis)) === 0;
    });
  }, 60_000);

  test('a password is in no log', async () => {
    const password = 'a-password-that-nobody-may-see';
    const guarded = new URL(url);
    guarded.username = 'nobody';
    guarded.password = password;
    const settings = { ...shipped(name, { stream, topic, url: guarded.href }), ORDINAUT_LOG_LEVEL: 'trace' };
    const server = await spawnServer(await newServerPlace(), settings);
    ends.push(() => server.end());
    const lines: string[] = [];
    const refused = await server.logged((entry) => {
      lines.push(JSON.stringify(entry));
      return entry.msg === 'the stream of Redis cannot be read';
    });
    expect(refused.reason).toContain('WRONGPASS');
    expect(lines.join('\n') + server.errors()).not.toContain(password);
    expect(await statusOf<Status>(server, name)).toMatchObject({ connected: false });
  });
});

test('a Redis that is killed and comes back loses nothing', async ({ skip }) => {
  const own = await privateRedis();
  if (own === null) return skip('redis-server is not installed');
  ends.push(() => own.stop());
  const redis = open(own.url);
  const api = await start(await newServerPlace(), { url: own.url, claimAfterMs: 100 });
  const acknowledged: number[] = [];
  for (let round = 0, number = 0; round < 3; round++) {
    for (const end = number + 100; number < end; number++) {
      await add(redis, number);
      acknowledged.push(number);
    }
    // Some are published, some pending, some not read, and some are just being added.
    await until(async () => (await statusOf<Status>(api, name)).published >= round * 100 + 20);
    const during = upTo(50, 1000 + round * 50).map((extra) => add(redis, extra).then(() => acknowledged.push(extra)));
    await own.halt();
    await until(async () => !(await statusOf<Status>(api, name)).connected);
    await own.resume();
    await until(async () => (await statusOf<Status>(api, name)).connected);
    await Promise.all(during);
  }
  await until(async () => {
    const have = new Set(await numbersOf(api));
    return acknowledged.every((number) => have.has(number));
  });
  await until(async () => (await pendingOf(redis)) === 0);
  expect(acknowledged).toHaveLength(450);
}, 90_000);
