import type { Clock } from '../../kernel/clock.ts';
import { newId } from '../../kernel/ids.ts';
import {
  type Checkpoint,
  type DecisionOrder,
  LEASE_MS,
  type Lease,
  type NewRun,
  type RunQueue,
  type Settlement,
} from '../run-queue.ts';
import type { Signals } from '../signals.ts';
import { readClaimed } from './commands/claim.ts';
import { packEndings } from './commands/ending.ts';
import type { SqliteThread } from './thread-client.ts';

/** The run queue on the storage thread. */
export function sqliteQueue(thread: SqliteThread, clock: Clock, signals: Signals): RunQueue {
  const changes = async (sql: string, parameters: (string | number)[]) => (await thread.query(sql, parameters)).changes;
  return {
    async enqueue(runs: readonly NewRun[]) {
      const enqueued = await thread.command('enqueue', runs);
      signals.emit('runs');
      return enqueued;
    },
    async claim(lease: Lease, limit: number) {
      const claimed = readClaimed(await thread.command('claim', { lease, limit, now: clock.now() }));
      if (claimed.length > 0) signals.emit('noted');
      return claimed;
    },
    checkpoint: (items: readonly Checkpoint[]) => thread.command('checkpoint', items),
    async settle(items: readonly Settlement[]) {
      const isEnd = (item: Settlement) => item.kind === 'finish';
      const ends = items.filter((item) => item.kind === 'finish');
      const others = items.filter((item) => item.kind !== 'finish');
      const answers = await thread.command('settle', { endings: packEndings(ends), others, now: clock.now() });
      const answersOfEnds = answers.slice(0, ends.length).values();
      const answersOfOthers = answers.slice(ends.length).values();
      const settled = items.map((item) => (isEnd(item) ? answersOfEnds : answersOfOthers).next().value ?? false);
      if (items.some((item) => item.kind !== 'finish' || item.concurrencyKey !== null)) signals.emit('runs');
      signals.emit('noted');
      return settled;
    },
    async decide(order: DecisionOrder) {
      const decided = await thread.command('decide', order);
      if (decided) signals.emit('runs');
      if (decided) signals.emit('noted');
      return decided;
    },
    async wake(now: number) {
      const { woken, nextAt, expired } = await thread.command('wake', now);
      if (woken > 0) signals.emit('runs');
      if (expired > 0) signals.emit('noted');
      return { woken, nextAt };
    },
    async cancel(runId: string, now: number) {
      const outcome = await thread.command('cancel', { runId, now });
      if (outcome === 'requested') signals.emit('cancel', runId);
      if (outcome === 'canceled') signals.emit('runs');
      if (outcome === 'canceled') signals.emit('noted');
      return outcome;
    },
    async cancelRequests(leaseId: string) {
      const { rows } = await thread.query('SELECT id FROM runs WHERE lease_id = ? AND cancel_requested = 1', [leaseId]);
      return rows.map((row) => String(row.id));
    },
    async openLease(owner: string) {
      const lease = { id: newId(), owner };
      const expiresAt = clock.now() + LEASE_MS;
      await changes('INSERT INTO leases (id, owner, expires_at) VALUES (?, ?, ?)', [lease.id, owner, expiresAt]);
      return lease;
    },
    async renewLease(lease: Lease) {
      return (await changes('UPDATE leases SET expires_at = ? WHERE id = ?', [clock.now() + LEASE_MS, lease.id])) === 1;
    },
    async closeLease(lease: Lease) {
      await changes('DELETE FROM leases WHERE id = ?', [lease.id]);
    },
    reclaimExpired: (except: string | null) => thread.command('reclaim', except),
  };
}
