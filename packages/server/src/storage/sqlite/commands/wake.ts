import type { StatementCache } from '../statement-cache.ts';
import { expireApprovals } from './approvals.ts';

const WAKE = `UPDATE runs SET status = 'queued', ready = 1, wake_at = NULL WHERE wake_at <= ?`;
const NEXT = 'SELECT MIN(wake_at) AS next_at FROM runs WHERE wake_at IS NOT NULL';

export interface Woken {
  readonly woken: number;
  readonly nextAt: number | null;
  readonly expired: number;
}

export function wakeRuns(statements: StatementCache, now: number): Woken {
  const next = () => (statements.get(NEXT).get() as { next_at: number | null }).next_at;
  const nextAt = next();
  if (nextAt === null || nextAt > now) return { woken: 0, nextAt, expired: 0 };
  const woken = Number(statements.get(WAKE).run(now).changes);
  return { woken, nextAt: next(), expired: expireApprovals(statements, now) };
}
