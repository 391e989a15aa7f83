import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../src/kernel/clock.ts';
import { ApiError } from '../../src/kernel/errors.ts';
import { Batcher } from '../../src/runs/batcher.ts';
import { Revisions } from '../../src/runs/revisions.ts';
import { RunFeed } from '../../src/runs/run-feed.ts';
import { Worker } from '../../src/runs/worker.ts';
import type { Store } from '../../src/storage/store.ts';
import { TaskService } from '../../src/tasks/task-service.ts';
import { ToolRegistry } from '../../src/tools/registry.ts';
import { describeStores, logger, newPlace, type TestPlace } from '../support/stores.ts';

describeStores('worker', (kind) => {
  let place: TestPlace;
  let store: Store;
  let tools: ToolRegistry;
  let worker: Worker;
  let calls: { key: string; release: () => void }[];
  let called: PromiseWithResolvers<void>;

  beforeEach(async () => {
    place = await newPlace(kind);
    store = await place.open();
    await store.start();
    calls = [];
    called = Promise.withResolvers();
    tools = new ToolRegistry();
    const tool = { scopes: [], timeoutMs: null, source: 'test', inputSchema: { type: 'object' } };
    const annotations = { readOnly: true, destructive: false, idempotent: true, openWorld: false };
    tools.register({
      ...tool,
      annotations,
      name: 'test.hold',
      description: 'Waits until the test lets it go.',
      call: (_, { idempotencyKey }) =>
        new Promise((resolve) => {
          calls.push({ key: idempotencyKey, release: () => resolve('released') });
          called.resolve();
        }),
    });
    worker = newWorker(1);
  });

  afterEach(async () => {
    for (const call of calls) call.release();
    await worker.stop();
    await store.stop();
    await place.remove();
  });

  const newWorker = (concurrency: number) =>
    new Worker({
      store,
      tools,
      revisions: new Revisions(store),
      feed: new RunFeed(),
      clock: systemClock,
      random: Math.random,
      logger,
      owner: 'test',
      concurrency,
      drainMs: 0,
    });

  async function taskOf(uses: string) {
    const tasks = new TaskService({ store, tools, clock: systemClock });
    const payload = { pipeline: [{ id: 'hold', uses, timeout_seconds: 600 }] };
    const task = await tasks.create(
      { title: 't', schedule_kind: 'event', event_topic: 'x', payload },
      { principal: null, scopes: null },
    );
    return { run: async () => String((await tasks.runNow(task.id, undefined)).details.run_id) };
  }

  const ended = async (id: string) => {
    for (;;) {
      const row = await store.db.selectFrom('run_history').selectAll().where('id', '=', id).executeTakeFirst();
      if (row !== undefined) return row;
    }
  };

  test('start and stop may come in any order and twice', async () => {
    await worker.stop();
    await worker.start();
    await worker.start();
    await Promise.all([worker.stop(), worker.stop()]);
    await worker.start();
    const task = await taskOf('test.hold');
    const id = await task.run();
    await called.promise;
    calls[0]!.release();
    expect((await ended(id)).status).toBe('succeeded');
  });

  test('a run that is canceled before it begins is never executed', async () => {
    const task = await taskOf('test.hold');
    const [first, second] = [await task.run(), await task.run()];
    await worker.start();
    await called.promise;
    expect(await store.queue.cancel(second, Date.now())).not.toBeNull();
    calls[0]!.release();
    expect((await ended(first)).status).toBe('succeeded');
    expect((await ended(second)).status).toBe('canceled');
    expect(calls.map((call) => call.key)).toEqual([`${first}:hold`]);
  });

  test('a stop hands back what it does not finish, with no checkpoint lost', async () => {
    const task = await taskOf('test.hold');
    const id = await task.run();
    await worker.start();
    await called.promise;
    await worker.stop();
    const row = await store.db.selectFrom('runs').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
    expect(row).toMatchObject({ status: 'queued', ready: 1, lease_id: null, begins_attempt: 0 });
    expect(await store.db.selectFrom('leases').selectAll().execute()).toEqual([]);
  });
});

test('a batcher keeps what cannot be stored, until it is told to give up', async () => {
  let tries = 0;
  const tried = Promise.withResolvers<void>();
  const batcher = new Batcher<string>({
    what: 'things',
    clock: systemClock,
    logger,
    maxBatch: 10,
    lanes: 1,
    async send(items) {
      tries += 1;
      if (tries === 3) tried.resolve();
      if (items.includes('poison')) throw new Error('poison');
      throw new ApiError('unavailable', 'away');
    },
  });
  const kept = batcher.add('a').then(String, (error: Error) => error.message);
  await tried.promise;
  batcher.abandon();
  expect(await kept).toBe('away');
  await batcher.settled();
});

test('one bad item of a batch does not take the others with it', async () => {
  const stored: string[] = [];
  const batcher = new Batcher<string>({
    what: 'things',
    clock: systemClock,
    logger,
    maxBatch: 10,
    lanes: 1,
    async send(items) {
      if (items.includes('poison')) throw new Error('poison');
      stored.push(...items);
      return items.map(() => true);
    },
  });
  const answers = await Promise.allSettled(['a', 'poison', 'b'].map((item) => batcher.add(item)));
  expect(answers.map((answer) => answer.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(stored.toSorted()).toEqual(['a', 'b']);
});
