import { afterEach, beforeEach, expect, test } from 'vitest';
import { newId } from '../../src/kernel/ids.ts';
import type { ClaimedRun, Lease, NewRun, Settlement } from '../../src/storage/run-queue.ts';
import type { Store } from '../../src/storage/store.ts';
import { describeStores, newPlace, type TestPlace } from '../support/stores.ts';

const taskId = newId();

const newRun = (fields: Partial<NewRun> = {}): NewRun => ({
  id: newId(),
  taskId,
  revision: 1,
  trigger: 'api',
  nominalAt: null,
  priority: 5,
  params: null,
  concurrencyKey: null,
  dedupe: null,
  retryOf: null,
  checkpoints: [],
  createdAt: Date.now(),
  ...fields,
});

const finishOf = (run: ClaimedRun, status: 'succeeded' | 'failed' = 'succeeded'): Settlement => ({
  kind: 'finish',
  runId: run.id,
  fence: run.fence,
  status,
  error: status === 'failed' ? '{"code":"tool_failed","message":"no","step_id":"a"}' : null,
  output: '{"n":1}',
  steps: '[]',
  finishedAt: Date.now(),
  taskId: run.taskId,
  startedAt: run.startedAt,
  concurrencyKey: run.concurrencyKey,
  checkpointed: run.checkpoints.length > 0,
});

describeStores('run queue', (kind) => {
  let place: TestPlace;
  let store: Store;
  let lease: Lease;

  beforeEach(async () => {
    place = await newPlace(kind);
    store = await place.open();
    await store.start();
    lease = await store.queue.openLease('worker one');
  });

  afterEach(async () => {
    await store.stop();
    await place.remove();
  });

  const claim = (limit = 10) => store.queue.claim(lease, limit);
  const history = (id: string) =>
    store.db.selectFrom('run_history').selectAll().where('id', '=', id).executeTakeFirst();
  const live = (id: string) => store.db.selectFrom('runs').selectAll().where('id', '=', id).executeTakeFirstOrThrow();

  test('claims the highest priority first, then the oldest', async () => {
    const [late, early, urgent] = [newRun({ priority: 5 }), newRun({ priority: 5 }), newRun({ priority: 1 })];
    await store.queue.enqueue([early, late, urgent].toSorted((a, b) => (a.id < b.id ? -1 : 1)));
    const claimed = await claim();
    expect(claimed.map((run) => run.id)).toEqual([urgent.id, ...[late.id, early.id].toSorted()]);
    expect(claimed.map((run) => run.attempt)).toEqual([1, 1, 1]);
    expect(await claim()).toEqual([]);
  });

  test('never gives one run to two claims at the same moment', async () => {
    await store.queue.enqueue(Array.from({ length: 500 }, () => newRun()));
    const other = await store.queue.openLease('worker two');
    const claims = await Promise.all(
      Array.from({ length: 20 }, (_, n) => store.queue.claim(n % 2 ? lease : other, 40)),
    );
    const rest = await claim(500);
    const ids = [...claims.flat(), ...rest].map((run) => run.id);
    expect(ids).toHaveLength(500);
    expect(new Set(ids).size).toBe(500);
  });

  test('a finished run moves to the history with its record, and is counted', async () => {
    await store.queue.enqueue([newRun({ params: '{"a":1}' }), newRun()]);
    const [one, two] = await claim();
    expect(await store.queue.settle([finishOf(one!), finishOf(two!, 'failed')])).toEqual([true, true]);
    expect(await history(one!.id)).toMatchObject({
      status: 'succeeded',
      attempt: 1,
      params: '{"a":1}',
      lease_owner: 'worker one',
    });
    expect(await store.db.selectFrom('runs').selectAll().execute()).toEqual([]);
    const stats = await store.db.selectFrom('run_stats').selectAll().executeTakeFirstOrThrow();
    expect(stats).toMatchObject({ succeeded: 1, failed: 1, canceled: 0 });
    expect(stats.last_success_at).not.toBeNull();
    expect(stats.last_failure_at).not.toBeNull();
  });

  test('a write with a stale fence changes nothing', async () => {
    await store.queue.enqueue([newRun()]);
    const [first] = await claim();
    await store.queue.settle([{ kind: 'release', runId: first!.id, fence: first!.fence }]);
    const [second] = await claim();
    expect(second!.fence).toBeGreaterThan(first!.fence);
    expect(await store.queue.checkpoint([{ runId: first!.id, fence: first!.fence, seq: 0, step: '{}' }])).toEqual([
      false,
    ]);
    expect(await store.queue.settle([finishOf(first!)])).toEqual([false]);
    expect(await history(first!.id)).toBeUndefined();
    expect(await store.queue.settle([finishOf(second!), finishOf(first!)])).toEqual([true, false]);
  });

  test('checkpoints come back with the next claim, in order, and go with the end', async () => {
    await store.queue.enqueue([newRun()]);
    const [run] = await claim();
    for (const seq of [0, 1]) {
      await store.queue.checkpoint([
        { runId: run!.id, fence: run!.fence, seq, step: JSON.stringify({ id: `s${seq}` }) },
      ]);
    }
    await store.queue.settle([{ kind: 'retry', runId: run!.id, fence: run!.fence, wakeAt: 1, error: '{}' }]);
    await store.queue.wake(Date.now());
    const [again] = await claim();
    expect(again!.checkpoints.map((text) => JSON.parse(text))).toEqual([{ id: 's0' }, { id: 's1' }]);
    expect(again!.attempt).toBe(2);
    await store.queue.settle([finishOf(again!)]);
    expect(await store.db.selectFrom('run_checkpoints').selectAll().execute()).toEqual([]);
  });

  test('a delayed run is not claimed before it wakes', async () => {
    const now = Date.now();
    await store.queue.enqueue([newRun()]);
    const [run] = await claim();
    await store.queue.settle([{ kind: 'retry', runId: run!.id, fence: run!.fence, wakeAt: now + 60_000, error: '{}' }]);
    expect(await store.queue.wake(now)).toEqual({ woken: 0, nextAt: now + 60_000 });
    expect(await claim()).toEqual([]);
    expect(await store.queue.wake(now + 60_000)).toEqual({ woken: 1, nextAt: null });
    expect(await claim()).toHaveLength(1);
  });

  test('a parked run waits without a lease and goes on with the same attempt', async () => {
    const now = Date.now();
    await store.queue.enqueue([newRun()]);
    const [run] = await claim();
    const step = JSON.stringify({ id: 'nap', status: 'waiting' });
    await store.queue.settle([{ kind: 'park', runId: run!.id, fence: run!.fence, wakeAt: now + 10, seq: 0, step }]);
    expect(await live(run!.id)).toMatchObject({ status: 'waiting', lease_id: null, wake_at: now + 10 });
    await store.queue.wake(now + 10);
    const [again] = await claim();
    expect(again).toMatchObject({ attempt: 1, checkpoints: [step] });
    const finished = JSON.stringify({ id: 'nap', status: 'succeeded' });
    await store.queue.checkpoint([{ runId: run!.id, fence: again!.fence, seq: 0, step: finished }]);
    await store.queue.settle([{ kind: 'release', runId: run!.id, fence: again!.fence }]);
    expect((await claim())[0]!.checkpoints).toEqual([finished]);
  });

  test('runs with one concurrency key run one at a time, in order, and block nobody else', async () => {
    const keyed = [newRun({ concurrencyKey: 'k' }), newRun({ concurrencyKey: 'k' }), newRun({ concurrencyKey: 'k' })];
    const free = newRun();
    for (const run of [...keyed, free]) await store.queue.enqueue([run]);
    const order: string[] = [];
    let [first, other] = (await claim()) as [ClaimedRun, ClaimedRun];
    expect([first.id, other.id]).toEqual([keyed[0]!.id, free.id]);
    for (let turn = 0; turn < 3; turn++) {
      order.push(first.id);
      expect(await claim()).toEqual([]);
      await store.queue.settle([finishOf(first)]);
      [first, other] = (await claim()) as [ClaimedRun, ClaimedRun];
    }
    expect(order).toEqual(keyed.map((run) => run.id));
    expect(await store.db.selectFrom('concurrency_locks').selectAll().execute()).toEqual([]);
  });

  test('a concurrency key survives a storm of enqueues and ends', async () => {
    const total = 60;
    const enqueued = Array.from({ length: total }, () => store.queue.enqueue([newRun({ concurrencyKey: 'storm' })]));
    let finished = 0;
    while (finished < total) {
      const runs = await claim(5);
      expect(runs.length).toBeLessThanOrEqual(1);
      if (runs.length === 1) finished += (await store.queue.settle([finishOf(runs[0]!)])).filter(Boolean).length;
    }
    await Promise.all(enqueued);
    expect(await store.db.selectFrom('runs').selectAll().execute()).toEqual([]);
  });

  test('canceling a run that waits for a key does not give the key away', async () => {
    const [holder, second, third] = [1, 2, 3].map(() => newRun({ concurrencyKey: 'k' })) as [NewRun, NewRun, NewRun];
    for (const run of [holder, second, third]) await store.queue.enqueue([run]);
    const [running] = await claim();
    expect(await store.queue.cancel(second.id, Date.now())).toBe('canceled');
    expect(await claim()).toEqual([]);
    await store.queue.settle([finishOf(running!)]);
    expect((await claim()).map((run) => run.id)).toEqual([third.id]);
  });

  test('a second trigger in the dedupe window gives the first run, also at the same moment', async () => {
    const now = Date.now();
    const dedupe = { key: 'd', windowMs: 60_000 };
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => store.queue.enqueue([newRun({ dedupe, createdAt: now })])),
    );
    const ids = new Set(answers.flat().map((answer) => answer.id));
    expect(ids.size).toBe(1);
    expect(answers.flat().filter((answer) => !answer.deduplicated)).toHaveLength(1);
    expect(await store.db.selectFrom('runs').selectAll().execute()).toHaveLength(1);
    const [later] = await store.queue.enqueue([newRun({ dedupe, createdAt: now + 60_000 })]);
    expect(later!.deduplicated).toBe(false);
  });

  test('cancels a queued run at once, asks the worker of a running one, and knows of no other', async () => {
    const [queued, running] = [newRun(), newRun()];
    await store.queue.enqueue([running]);
    const [claimed] = await claim();
    await store.queue.enqueue([queued]);
    expect(await store.queue.cancel(queued.id, Date.now())).toBe('canceled');
    expect(await history(queued.id)).toMatchObject({ status: 'canceled' });
    expect(await store.queue.cancelRequests(lease.id)).toEqual([]);
    expect(await store.queue.cancel(running.id, Date.now())).toBe('requested');
    expect(await store.queue.cancelRequests(lease.id)).toEqual([claimed!.id]);
    expect(await store.queue.cancel(newId(), Date.now())).toBeNull();
  });

  test('keeps the checkpoints of a run that is canceled while it sleeps', async () => {
    await store.queue.enqueue([newRun()]);
    const [run] = await claim();
    await store.queue.settle([
      { kind: 'park', runId: run!.id, fence: run!.fence, wakeAt: Date.now() + 60_000, seq: 0, step: '{"id":"nap"}' },
    ]);
    expect(await store.queue.cancel(run!.id, Date.now())).toBe('canceled');
    expect((await history(run!.id))?.steps).toBe('[{"id":"nap"}]');
  });

  test('a new run may begin with the checkpoints of another', async () => {
    await store.queue.enqueue([newRun({ checkpoints: ['{"id":"a"}', '{"id":"b"}'], retryOf: newId() })]);
    expect((await claim())[0]!.checkpoints).toEqual(['{"id":"a"}', '{"id":"b"}']);
  });

  test('one bad run in a batch stores none of the batch', async () => {
    const run = newRun();
    await store.queue.enqueue([run]);
    await expect(store.queue.enqueue([newRun(), run])).rejects.toThrow();
    expect(await store.db.selectFrom('runs').selectAll().execute()).toHaveLength(1);
  });

  test('what a process left running is queued again when its lease is over', async () => {
    await store.queue.enqueue([newRun()]);
    const [run] = await claim();
    expect(await store.queue.reclaimExpired(lease.id)).toBe(0);
    if (kind === 'sqlite') {
      await store.stop();
      store = await place.open();
      await store.start();
    } else {
      await store.db
        .updateTable('leases')
        .set({ expires_at: Date.now() - 1 })
        .execute();
      expect(await store.queue.reclaimExpired(null)).toBe(1);
      expect(await store.queue.renewLease(lease)).toBe(false);
    }
    const next = await store.queue.openLease('worker two');
    const [again] = await store.queue.claim(next, 1);
    expect(again).toMatchObject({ id: run!.id, attempt: 1, reclaims: 1 });
    expect(await store.queue.settle([finishOf(run!)])).toEqual([false]);
  });

  test('a run that somebody wants to end does not park and does not wait for its retry', async () => {
    const now = Date.now();
    await store.queue.enqueue([newRun(), newRun()]);
    const [one, two] = await claim();
    for (const run of [one!, two!]) expect(await store.queue.cancel(run.id, now)).toBe('requested');
    const later = now + 86_400_000;
    await store.queue.settle([
      { kind: 'park', runId: one!.id, fence: one!.fence, wakeAt: later, seq: 0, step: '{"id":"nap"}' },
      { kind: 'retry', runId: two!.id, fence: two!.fence, wakeAt: later, error: '{}' },
    ]);
    const again = await claim();
    expect(again.map((run) => [run.id, run.cancelRequested])).toEqual([
      [one!.id, true],
      [two!.id, true],
    ]);
  });

  test('a fire time that a live run stands for gives that run, and stores the rest of the batch', async () => {
    const nominalAt = Date.now();
    const first = newRun({ trigger: 'schedule', nominalAt });
    await store.queue.enqueue([first]);
    const again = newRun({ trigger: 'schedule', nominalAt, concurrencyKey: 'k' });
    const other = newRun({ trigger: 'schedule', nominalAt: nominalAt + 1 });
    expect(await store.queue.enqueue([again, other])).toEqual([
      { id: first.id, deduplicated: true },
      { id: other.id, deduplicated: false },
    ]);
    expect(await store.db.selectFrom('concurrency_locks').selectAll().execute()).toEqual([]);
  });

  test.runIf(kind === 'postgres')('nothing is claimed under a lease that is over or gone', async () => {
    await store.queue.enqueue([newRun()]);
    await store.db
      .updateTable('leases')
      .set({ expires_at: Date.now() - 1 })
      .execute();
    expect(await claim()).toEqual([]);
    await store.db.deleteFrom('leases').execute();
    expect(await claim()).toEqual([]);
    lease = await store.queue.openLease('worker two');
    expect(await claim()).toHaveLength(1);
    await store.queue.closeLease(lease);
    await store.db
      .updateTable('leases')
      .set({ expires_at: Date.now() - 1 })
      .execute();
    expect(await store.queue.reclaimExpired(null)).toBe(1);
  });

  test('tells listeners of ready runs after they are stored', async () => {
    const heard = new Promise<void>((resolve) => store.signals.once('runs', resolve));
    await store.queue.enqueue([newRun()]);
    await heard;
    expect(await claim()).toHaveLength(1);
  });
});
