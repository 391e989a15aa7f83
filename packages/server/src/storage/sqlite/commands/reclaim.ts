import type { StatementCache } from '../statement-cache.ts';

const RECLAIM = `UPDATE runs SET status = 'queued', ready = 1, lease_id = NULL, lease_owner = NULL, fence = fence + 1,
    reclaims = reclaims + 1
  WHERE lease_id IS NOT NULL AND lease_id IS NOT ?`;
const FORGET = 'DELETE FROM leases WHERE id IS NOT ?';

/** Gives back every run that is not held under `except`. Only one process has the directory, so all others are dead. */
export function reclaimAll(statements: StatementCache, except: string | null): number {
  statements.get(FORGET).run(except);
  return Number(statements.get(RECLAIM).run(except).changes);
}
