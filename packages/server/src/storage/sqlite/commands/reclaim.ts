import type { StatementCache } from '../statement-cache.ts';

const RECLAIM = `UPDATE runs SET status = 'queued', ready = 1, lease_id = NULL, lease_owner = NULL, fence = fence + 1,
    reclaims = reclaims + 1
  WHERE lease_id IS NOT NULL AND lease_id IS NOT ?`;
const FORGET = 'DELETE FROM leases WHERE id IS NOT ?';

/** Gives back every run that is not held under `except`. Only one process has the directory, so all others are dead. */
export function reclaimAll(statements: StatementCache, except: string | null): number {
  const forgotten = statements.get(FORGET).run(except).changes;
  // Nobody has died: then no run has to be looked for, which would take a walk through the whole queue.
  if (except !== null && forgotten === 0) return 0;
  return Number(statements.get(RECLAIM).run(except).changes);
}
