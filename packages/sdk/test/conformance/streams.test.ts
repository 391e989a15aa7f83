import { expect, test } from 'vitest';
import { BadRequestError, type ClientEvent, type EventItem, type OrdinautClient } from '../../src/index.ts';
import { describePlaces, failureOf } from './places.ts';

describePlaces('streams', (place) => {
  let count = 0;

  /** A subscription of a topic of its own, that has its connection. */
  async function follow(options: Parameters<OrdinautClient['events']['subscribe']>[1] = {}) {
    count += 1;
    const topic = `streams.${count}`;
    const connected = Promise.withResolvers<void>();
    const reasons: (string | undefined)[] = [];
    const observe = (event: ClientEvent) => {
      if (event.type !== 'stream') return;
      if (event.state === 'connected') connected.resolve();
      else reasons.push(event.reason);
    };
    const client = place.client({ observers: [{ observe }] });
    const items = client.events.subscribe(topic, options)[Symbol.asyncIterator]();
    const next = async () => {
      const { value } = await items.next();
      return value as EventItem;
    };
    let first: Promise<EventItem> | null = next();
    await connected.promise;
    return {
      client,
      reasons,
      publish: async (...payloads: unknown[]) => {
        for (const payload of payloads) await client.events.publish({ topic, payload });
      },
      async data() {
        const item = await (first ?? next());
        first = null;
        return item.type === 'event' ? item.event.data : item;
      },
    };
  }
  const streams = () => place.requests.of('events.stream');

  test.each(['close', 'reset'] as const)('a stream that ends by %s goes on after the last event', async (by) => {
    place.faults.next({ operation: 'events.stream', cut: { afterEvents: 2, by } });
    const { publish, data } = await follow();
    await publish(1, 2, 3, 4);
    expect([await data(), await data(), await data(), await data()]).toEqual([1, 2, 3, 4]);
    expect(streams()).toHaveLength(2);
    expect(streams()[1]?.headers['last-event-id']).toMatch(/^\d+-\d+$/);
  });

  test('a 401 at the reconnect is one login, and the stream goes on', async () => {
    place.faults.next({ operation: 'events.stream', cut: { afterEvents: 1, by: 'reset' } });
    place.faults.next({ operation: 'events.stream', expireTokens: true });
    const { publish, data } = await follow();
    await publish(1);
    expect(await data()).toBe(1);
    await publish(2);
    expect(await data()).toBe(2);
    expect(streams().map(({ status }) => status)).toEqual([200, 401, 200]);
    const logins = place.requests.count('auth.token') + place.requests.count('auth.refresh');
    expect(logins).toBe(2);
  });

  test('a 503 at the reconnect is waited out by its Retry-After', async () => {
    place.faults.next({ operation: 'events.stream', cut: { afterEvents: 1, by: 'close' } });
    place.faults.next({ operation: 'events.stream', status: 503, retryAfter: 1 });
    const { publish, data } = await follow();
    await publish(1, 2);
    expect(await data()).toBe(1);
    expect(await data()).toBe(2);
    const [, refused, resumed] = streams();
    expect(refused?.status).toBe(503);
    expect(resumed!.at - refused!.at).toBeGreaterThanOrEqual(1000);
  });

  test('a connection that died without a word is noticed', async () => {
    place.faults.next({ operation: 'events.stream', cut: { afterEvents: 1, by: 'silence' } });
    const { publish, data } = await follow({ silenceMs: 150 });
    await publish(1, 2);
    expect(await data()).toBe(1);
    expect(await data()).toBe(2);
    expect(streams()[1]?.headers['last-event-id']).toMatch(/^\d+-\d+$/);
  });

  test('events that are lost are said to be', async () => {
    place.faults.next({ operation: 'events.stream', cut: { afterEvents: 1, by: 'reset' } });
    // The next connection has to wait until the events are gone.
    place.faults.next({ operation: 'events.stream', status: 503, retryAfter: 1 });
    const { client, publish, data } = await follow();
    await publish(1, 2);
    expect(await data()).toBe(1);
    await client.events.cleanup({ max_age_hours: 0 });
    await publish(3);
    expect(await data()).toEqual({ type: 'gap', after: expect.stringMatching(/^\d+-\d+$/), oldest: expect.anything() });
    expect(await data()).toBe(3);
  });

  test('a topic that is no pattern is refused, and not tried for ever', async () => {
    const items = place.client().events.subscribe('a..b')[Symbol.asyncIterator]();
    expect(await failureOf(items.next())).toBeInstanceOf(BadRequestError);
    expect(streams()).toHaveLength(1);
  });

  test('a signal ends the iteration, and with it the connection', async () => {
    const left = new AbortController();
    const items: unknown[] = [];
    const { client, publish } = await follow();
    const subscription = client.events.subscribe('streams.*', { signal: left.signal });
    const reading = (async () => {
      for await (const item of subscription) {
        items.push(item);
        left.abort();
      }
    })();
    await expect.poll(() => streams().filter(({ status }) => status === 200).length).toBe(2);
    await publish(1);
    await reading;
    expect(items).toHaveLength(1);
  });
});
