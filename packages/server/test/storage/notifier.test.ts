import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { newId } from '../../src/kernel/ids.ts';
import type { Store } from '../../src/storage/store.ts';
import { command } from '../support/postgres.ts';
import { newPlace, type TestPlace } from '../support/stores.ts';

describe.skipIf(inject('postgresUrl') === null)('notifications of PostgreSQL', () => {
  let place: TestPlace;
  let one: Store;
  let two: Store;

  beforeEach(async () => {
    place = await newPlace('postgres');
    one = await place.open();
    two = await place.open();
    await one.start();
    await two.start();
  });

  afterEach(async () => {
    await one?.stop();
    await two?.stop();
    await place?.remove();
  });

  const timely = () => ({ signal: AbortSignal.timeout(10_000) });

  test.each(['hello', '', 'null', '{"a":1}', '[1,2]', '["x",null]'])(
    'a foreign payload %j is passed over',
    async (payload) => {
      await command(place.databaseUrl!, `SELECT pg_notify('ordinaut', '${payload}')`);
      const id = newId();
      const heard = once(two.signals, 'cancel', timely());
      one.signals.emit('cancel', id);
      expect(await heard).toEqual([id]);
    },
  );

  test('more signals than one notification takes are cut between signals', async () => {
    const heard: string[] = [];
    const ids = Array.from({ length: 500 }, newId);
    const first = once(two.signals, 'cancel', timely());
    two.signals.on('cancel', (id) => heard.push(id));
    for (const id of ids) one.signals.emit('cancel', id);
    await first;
    expect(heard.length).toBeGreaterThan(100);
    expect(heard).toEqual(ids.slice(0, heard.length));
  });
});
