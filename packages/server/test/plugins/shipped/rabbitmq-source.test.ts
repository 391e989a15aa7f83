import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { cutProxy } from '../../support/cut-proxy.ts';
import { breakEvents, holdEvents } from '../../support/hold-events.ts';
import { type Broker, openBroker, privateRabbitmq } from '../../support/rabbitmq.ts';
import { startServer, type TestApi } from '../../support/server.ts';
import { spawnServer } from '../../support/server-process.ts';
import { publishedOn, shipped, statusOf, until } from '../../support/shipped-plugins.ts';
import { newPlace, type TestPlace } from '../../support/stores.ts';

const name = 'rabbitmq_source_plugin';
const topic = 'orders.received';
const rabbitmqUrl = inject('rabbitmqUrl');

interface Status {
  readonly connected: boolean;
  readonly published: number;
  readonly refused: number;
  readonly requeued: number;
}
interface Data {
  readonly message_id: string | null;
  readonly routing_key: string;
  readonly redelivered: boolean;
  readonly body: unknown;
}

const ends: (() => Promise<unknown>)[] = [];
let queue: string;

async function newServerPlace(kind: 'sqlite' | 'postgres' = 'sqlite'): Promise<TestPlace> {
  const place = await newPlace(kind);
  ends.push(() => place.remove());
  return place;
}
async function start(place: TestPlace, config: Record<string, unknown>) {
  const api = await startServer(place, { environment: shipped(name, { queue, topic, ...config }) });
  ends.push(() => api.server.stop());
  return api;
}
/** A broker with a durable queue, and one for its dead letters. */
async function newBroker(url: string): Promise<Broker> {
  const broker = await openBroker(url);
  await makeQueue(broker);
  return broker;
}
async function makeQueue({ channel }: Broker): Promise<void> {
  await channel.assertQueue(`${queue}.dead`, { durable: true });
  const deadLetters = { deadLetterExchange: '', deadLetterRoutingKey: `${queue}.dead` };
  await channel.assertQueue(queue, { durable: true, ...deadLetters });
}
const endOf = (broker: Broker) => async () => {
  await broker.channel.deleteQueue(queue);
  await broker.channel.deleteQueue(`${queue}.dead`);
  await broker.close();
};
const bodiesOf = async (api: TestApi) => (await publishedOn<Data>(api, topic)).map(({ data }) => data.body);
const connectedOf = async (api: TestApi) => (await statusOf<Status>(api, name)).connected;
const upTo = (count: number, from = 0) => Array.from({ length: count }, (_, index) => index + from);
const portOf = (url: string): number => Number(new URL(url).port || 5672);

beforeEach(() => {
  queue = `ordinaut-test-${randomBytes(6).toString('hex')}`;
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

describe.skipIf(rabbitmqUrl === null)('the source of RabbitMQ', () => {
  const url = rabbitmqUrl ?? '';
  const withPort = (port: number) => Object.assign(new URL(url), { port: String(port) }).href;
  let broker: Broker;

  beforeEach(async () => {
    broker = await newBroker(url);
    ends.push(endOf(broker));
  });

  test('publishes what is in the queue and what comes, and acknowledges it', async () => {
    await broker.send(queue, '{"n":1}', { contentType: 'application/json', messageId: 'first' });
    await broker.send(queue, 'plain', { contentType: 'text/plain' });
    const api = await start(await newServerPlace(), { url, prefetch: 1 });
    await until(async () => (await publishedOn(api, topic)).length === 2);
    await broker.send(queue, '[true]');
    await until(async () => (await publishedOn(api, topic)).length === 3);
    const events = await publishedOn<Data>(api, topic);
    expect(events[0]).toMatchObject({ topic, source: `plugin.${name}` });
    expect(events.map(({ data }) => data)).toEqual([
      { message_id: 'first', routing_key: queue, redelivered: false, body: { n: 1 } },
      { message_id: null, routing_key: queue, redelivered: false, body: 'plain' },
      { message_id: null, routing_key: queue, redelivered: false, body: [true] },
    ]);
    expect(await statusOf<Status>(api, name)).toEqual({ connected: true, published: 3, refused: 0, requeued: 0 });
    await api.server.stop();
    // Nothing comes back that was not acknowledged.
    expect(await broker.channel.checkQueue(queue)).toMatchObject({ messageCount: 0, consumerCount: 0 });
  });

  test('what can be no event goes to the dead letters, and the others are published', async () => {
    const exchange = `${queue}.in`;
    await broker.channel.assertExchange(exchange, 'topic', { durable: false, autoDelete: true });
    await broker.channel.bindQueue(queue, exchange, '#');
    const send = (key: string, body: string | Buffer, contentType = 'text/plain') =>
      broker.channel.publish(exchange, key, Buffer.from(body), { contentType, messageId: key });
    send('good.one', '1');
    send('bad topic', 'x');
    send('large', 'x'.repeat(262_145));
    send('nearly.too.large', 'x'.repeat(262_144));
    send('binary', Buffer.from([0xff]));
    send('json', '{', 'application/json');
    send('good.two', '2');
    const api = await start(await newServerPlace(), { url, appendRoutingKey: true });
    await until(async () => (await statusOf<Status>(api, name)).refused === 5);
    await until(async () => (await broker.ready(`${queue}.dead`)) === 5);
    await until(async () => (await statusOf<Status>(api, name)).published === 2);
    const topics = (await publishedOn<Data>(api, topic)).map((event) => event.topic);
    expect(topics.sort()).toEqual([`${topic}.good.one`, `${topic}.good.two`]);
    const dead: string[] = [];
    for (const _ of upTo(5)) {
      const message = await broker.channel.get(`${queue}.dead`, { noAck: true });
      if (message !== false) dead.push(message.properties.messageId);
    }
    expect(dead.sort()).toEqual(['bad topic', 'binary', 'json', 'large', 'nearly.too.large']);
    expect(await statusOf<Status>(api, name)).toMatchObject({ connected: true, requeued: 0 });
  });

  test('connections that break lose nothing', async () => {
    const proxy = await cutProxy(portOf(url));
    ends.push(() => proxy.close());
    const api = await start(await newServerPlace(), { url: withPort(proxy.port), prefetch: 10 });
    for (const round of upTo(4)) {
      for (const number of upTo(50, round * 50)) await broker.send(queue, String(number));
      await until(async () => (await statusOf<Status>(api, name)).published >= round * 50 + 20);
      const { connections } = proxy;
      proxy.cut();
      await until(() => proxy.connections > connections);
    }
    await until(async () => new Set(await bodiesOf(api)).size === 200);
    expect(new Set(await bodiesOf(api))).toEqual(new Set(upTo(200)));
    await until(async () => (await connectedOf(api)) && (await broker.ready(queue)) === 0);
  }, 60_000);

  test.skipIf(inject('postgresUrl') === null)(
    'nothing is acknowledged before it is stored',
    async () => {
      const place = await newServerPlace('postgres');
      const proxy = await cutProxy(portOf(url));
      ends.push(() => proxy.close());
      const api = await start(place, { url: withPort(proxy.port) });
      await until(() => connectedOf(api));
      const release = await holdEvents(place.databaseUrl!);
      ends.push(release);
      for (const number of upTo(3)) await broker.send(queue, String(number));
      await until(async () => (await broker.ready(queue)) === 0);
      expect((await statusOf<Status>(api, name)).published).toBe(0);
      // The broker gets back what was not acknowledged: all of it.
      proxy.refuse();
      await until(async () => (await broker.ready(queue)) === 3);
      await release();
      proxy.allow();
      // The three that were held, whose connection is gone, and the same three again.
      await until(async () => (await statusOf<Status>(api, name)).published === 6);
      expect(new Set(await bodiesOf(api))).toEqual(new Set(upTo(3)));
      await api.server.stop();
      expect(await broker.ready(queue)).toBe(0);
    },
    60_000,
  );

  test.skipIf(inject('postgresUrl') === null)(
    'what cannot be stored for now goes back into the queue',
    async () => {
      const place = await newServerPlace('postgres');
      const api = await start(place, { url });
      await until(() => connectedOf(api));
      const mend = await breakEvents(place.databaseUrl!);
      ends.push(mend);
      for (const number of upTo(20)) await broker.send(queue, String(number));
      await until(async () => (await statusOf<Status>(api, name)).requeued > 20);
      await mend();
      await until(async () => new Set(await bodiesOf(api)).size === 20);
      expect(await statusOf<Status>(api, name)).toMatchObject({ refused: 0 });
      expect(await broker.ready(`${queue}.dead`)).toBe(0);
    },
    60_000,
  );

  test('a queue that is deleted and made again is read again', async () => {
    const api = await start(await newServerPlace(), { url });
    await until(() => connectedOf(api));
    await broker.channel.deleteQueue(queue);
    await until(async () => !(await connectedOf(api)));
    await makeQueue(broker);
    await broker.send(queue, 'again');
    await until(async () => (await bodiesOf(api)).includes('again'));
  });

  test('a broker that is away at the start is waited for, and the stop does not wait for it', async () => {
    const proxy = await cutProxy(portOf(url));
    ends.push(() => proxy.close());
    proxy.refuse();
    const api = await start(await newServerPlace(), { url: withPort(proxy.port) });
    expect(await connectedOf(api)).toBe(false);
    await broker.send(queue, 'early');
    proxy.allow();
    await until(async () => (await bodiesOf(api)).includes('early'));
    proxy.refuse();
    await until(async () => !(await connectedOf(api)));
    await api.server.stop();
  });

  test('nothing of it holds up the end of the process', async () => {
    const server = await spawnServer(await newServerPlace(), shipped(name, { queue, topic, url }));
    await server.logged(({ msg }) => msg === 'the queue of RabbitMQ is read');
    let stoppedAt = Number.NaN;
    void server
      .logged(({ msg }) => msg === 'ordinaut has stopped')
      .then(() => {
        stoppedAt = performance.now();
      });
    expect(await server.end()).toBe(0);
    // It waits for a broker that does not answer for four seconds.
    expect(performance.now() - stoppedAt).toBeLessThan(2000);
  });

  test('a password is in no log', async () => {
    const password = 'a-password-that-nobody-may-see';
    const guarded = Object.assign(new URL(url), { username: 'nobody', password });
    const settings = { ...shipped(name, { queue, topic, url: guarded.href }), ORDINAUT_LOG_LEVEL: 'trace' };
    const server = await spawnServer(await newServerPlace(), settings);
    ends.push(() => server.end());
    const lines: string[] = [];
    const refused = await server.logged((entry) => {
      lines.push(JSON.stringify(entry));
      return entry.msg === 'the queue of RabbitMQ cannot be read';
    });
    expect(refused.reason).toContain('ACCESS');
    expect(lines.join('\n') + server.errors()).not.toContain(password);
  });
});

test('a broker that is killed and comes back loses nothing', async ({ skip }) => {
  const own = await privateRabbitmq();
  if (own === null) return skip('rabbitmq-server is not installed');
  ends.push(() => own.stop());
  let broker = await newBroker(own.url);
  const api = await start(await newServerPlace(), { url: own.url, prefetch: 10 });
  await until(() => connectedOf(api));
  const confirmed: number[] = [];
  const send = async (number: number) => {
    await broker.send(queue, String(number));
    confirmed.push(number);
  };
  for (const number of upTo(200)) await send(number);
  // What is under way when the broker is killed may be there or not: nobody was told that it is.
  const during = upTo(200, 200).map((number) => send(number).catch(() => null));
  await until(async () => (await statusOf<Status>(api, name)).published >= 50);
  await own.halt();
  await Promise.all(during);
  await until(async () => !(await connectedOf(api)));
  await own.resume();
  broker = await openBroker(own.url);
  ends.push(() => broker.close());
  for (const number of upTo(100, 400)) await send(number);
  await until(async () => {
    const have = new Set(await bodiesOf(api));
    return confirmed.every((number) => have.has(number));
  });
  await until(async () => (await broker.ready(queue)) === 0);
  expect(confirmed.length).toBeGreaterThanOrEqual(300);
}, 120_000);
