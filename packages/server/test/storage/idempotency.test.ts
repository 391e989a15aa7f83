import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Begun, IdempotencyKeys } from '../../src/storage/idempotency.ts';
import type { Store } from '../../src/storage/store.ts';
import { ManualClock } from '../pipeline/manual-clock.ts';
import { describeStores, newPlace, type TestPlace } from '../support/stores.ts';

const TEN_MINUTES = 600_000;

describeStores('idempotency keys', (kind) => {
  let place: TestPlace;
  let store: Store;
  let clock: ManualClock;
  let keys: IdempotencyKeys;

  beforeEach(async () => {
    place = await newPlace(kind);
    store = await place.open();
    await store.start();
    clock = new ManualClock(Date.now());
    keys = new IdempotencyKeys({ store, clock });
  });

  afterEach(async () => {
    await store.stop();
    await place.remove();
  });

  const answer = (body: string) => ({ status: 201, body, headers: {} });
  const holdOf = (begun: Begun): number => {
    if (begun.kind !== 'new') throw new Error(`The key is not free: ${begun.kind}`);
    return begun.hold;
  };
  /** Two holders of one key: the first took so long that the second got it. */
  const twoHolds = async () => {
    const first = holdOf(await keys.begin('k', 'hash'));
    clock.advance(TEN_MINUTES + 1);
    return { first, second: holdOf(await keys.begin('k', 'hash')) };
  };

  test('who has lost the hold does not give it away', async () => {
    const { first } = await twoHolds();
    await keys.abandon('k', first);
    expect(await keys.begin('k', 'hash')).toEqual({ kind: 'in_progress' });
  });

  test('who has lost the hold does not answer for who has it', async () => {
    const { first, second } = await twoHolds();
    await keys.complete('k', answer('late'), first);
    expect(await keys.begin('k', 'hash')).toEqual({ kind: 'in_progress' });
    await keys.complete('k', answer('mine'), second);
    expect(await keys.begin('k', 'hash')).toEqual({ kind: 'replay', ...answer('mine') });
  });

  test('an abandoned key is free', async () => {
    await keys.abandon('k', holdOf(await keys.begin('k', 'hash')));
    expect((await keys.begin('k', 'hash')).kind).toBe('new');
  });
});
