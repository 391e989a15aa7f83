import type { Decision } from '@ordinaut/contract';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newId } from '../../src/kernel/ids.ts';
import type { ClaimedRun, Lease, Settlement } from '../../src/storage/run-queue.ts';
import type { Store } from '../../src/storage/store.ts';
import { describeStores, newPlace, type TestPlace } from '../support/stores.ts';
import { questionOf } from '../tools/test-tools.ts';

const MINUTE = 60_000;
const question = () => questionOf(newId());

describeStores('questions of the run queue', (kind) => {
  const now = Date.now();
  let place: TestPlace;
  let store: Store;
  let lease: Lease;

  beforeEach(async () => {
    place = await newPlace(kind);
    store = await place.open();
    await store.start();
    lease = await store.queue.openLease('worker');
  });
  afterEach(async () => {
    await store.stop();
    await place.remove();
  });

  async function claimed(): Promise<ClaimedRun> {
    const run = { id: newId(), taskId: newId(), revision: 1, trigger: 'api', nominalAt: null, priority: 5 } as const;
    const rest = { params: null, concurrencyKey: null, dedupe: null, retryOf: null, checkpoints: [], createdAt: now };
    await store.queue.enqueue([{ ...run, ...rest, chain: 2 }]);
    return (await store.queue.claim(lease, 1))[0]!;
  }
  const park = (run: ClaimedRun, asked = question(), stepId = 'ask'): Settlement => ({
    kind: 'park',
    runId: run.id,
    fence: run.fence,
    wakeAt: now + MINUTE,
    seq: 0,
    step: '{}',
    asks: { stepId, question: asked, askedAt: now, expiresAt: now + MINUTE },
  });
  async function asking(): Promise<{ run: ClaimedRun; id: string }> {
    const [run, asked] = [await claimed(), question()];
    expect(await store.queue.settle([park(run, asked)])).toEqual([true]);
    return { run, id: asked.id };
  }
  const decide = (run: ClaimedRun, id: string, decision: Decision = 'approved', at = now) =>
    store.queue.decide({ approvalId: id, runId: run.id, decision, decidedBy: 'ada', comment: null, now: at });
  const approvals = () => store.db.selectFrom('approvals').selectAll().execute();
  const statusOf = async (run: ClaimedRun) =>
    (await store.db.selectFrom('runs').select('status').where('id', '=', run.id).executeTakeFirst())?.status;
  /** What was noted of approvals, by topic. */
  const noted = async () =>
    (await store.db.selectFrom('event_blocks').select(['topic', 'events']).orderBy('id').execute())
      .filter(({ topic }) => topic.startsWith('approval.'))
      .flatMap(({ topic, events }) => (JSON.parse(events) as object[]).map((data) => ({ topic, data })));

  test('is stored with the parking, answered once, and makes the run ready', async () => {
    const { run, id } = await asking();
    expect(await approvals()).toMatchObject([
      { id, run_id: run.id, task_id: run.taskId, step_id: 'ask', status: 'pending', chain: 2, created_at: now },
    ]);
    const decided = await Promise.all([decide(run, id), decide(run, id, 'rejected'), decide(run, id)]);
    expect(decided.filter((won) => won)).toHaveLength(1);
    expect(await statusOf(run)).toBe('queued');
    const [row] = await approvals();
    expect(row).toMatchObject({ decided_by: 'ada', decided_at: now });
    expect(await noted()).toMatchObject([
      { topic: 'approval.requested', data: { approval_id: id, run_id: run.id, chain: 2 } },
      { topic: `approval.${row!.status}`, data: { approval_id: id, decided_by: 'ada', chain: 2 } },
    ]);
    const [again] = await store.queue.claim(lease, 1);
    expect(again).toMatchObject({ id: run.id, attempt: 1 });
  });

  test('a run whose parking is refused asks nothing', async () => {
    const run = await claimed();
    expect(await store.queue.settle([park({ ...run, fence: run.fence + 1 })])).toEqual([false]);
    expect(await approvals()).toEqual([]);
    // Whom somebody wants to end does not wait, and so does not ask.
    expect(await store.queue.cancel(run.id, now)).toBe('requested');
    expect(await store.queue.settle([park(run)])).toEqual([true]);
    expect([await approvals(), await statusOf(run)]).toEqual([[], 'queued']);
    expect(await noted()).toEqual([]);
  });

  test('a step of a run asks once: parking it again, without a question, changes nothing', async () => {
    const { run, id } = await asking();
    await store.queue.wake(now + MINUTE - 1);
    expect(await statusOf(run)).toBe('waiting');
    await expect(
      store.db
        .insertInto('approvals')
        .values({ ...(await approvals())[0]!, id: newId() })
        .execute(),
    ).rejects.toThrow(/unique/i);
    expect(await approvals()).toMatchObject([{ id, status: 'pending' }]);
  });

  test('expires with the wait, not before and not again', async () => {
    const { run, id } = await asking();
    const other = await asking();
    await decide(other.run, other.id);
    expect(await decide(run, id, 'approved', now + MINUTE)).toBe(false);
    expect(await store.queue.wake(now + MINUTE)).toEqual({ woken: 1, nextAt: null });
    expect(await statusOf(run)).toBe('queued');
    const rows = new Map((await approvals()).map((row) => [row.id, row]));
    expect(rows.get(id)).toMatchObject({ status: 'expired', decided_at: now + MINUTE, decided_by: null });
    expect(rows.get(other.id)).toMatchObject({ status: 'approved' });
    expect(await decide(run, id)).toBe(false);
    await store.queue.wake(now + 2 * MINUTE);
    expect((await noted()).filter(({ topic }) => topic === 'approval.expired')).toHaveLength(1);
  });

  test('decision, expiry and cancellation that meet have one end', { timeout: 60_000 }, async () => {
    const asked = [];
    for (let n = 0; n < 30; n++) asked.push(await asking());
    await Promise.all(
      asked.flatMap(({ run, id }, n) => [
        decide(run, id, n % 2 === 0 ? 'approved' : 'rejected'),
        store.queue.cancel(run.id, now),
        ...(n % 10 === 0 ? [store.queue.wake(now + MINUTE)] : []),
      ]),
    );
    await store.queue.wake(now + MINUTE);
    const ends = (await noted()).filter(({ topic }) => topic !== 'approval.requested');
    const rows = await approvals();
    expect(rows.filter(({ status }) => status === 'pending')).toEqual([]);
    expect(
      ends.map(({ topic, data }) => `${(data as { approval_id: string }).approval_id} ${topic}`).toSorted(),
    ).toEqual(rows.map(({ id, status }) => `${id} approval.${status}`).toSorted());
  });
});
