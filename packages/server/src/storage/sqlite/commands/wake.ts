import type { StatementCache } from '../statement-cache.ts';

const WAKE = `UPDATE runs SET status = 'queued', ready = 1, wake_at = NULL WHERE wake_at <= ?`;
const NEXT = 'SELECT MIN(wake_at) AS next_at FROM runs WHERE wake_at IS NOT NULL';

export function wakeRuns(statements: StatementCache, now: number): { woken: number; nextAt: number | null } {
  const next = () => (statements.get(NEXT).get() as { next_at: number | null }).next_at;
  const nextAt = next();
  if (nextAt === null || nextAt > now) return { woken: 0, nextAt };
  const woken = Number(statements.get(WAKE).run(now).changes);
  return { woken, nextAt: next() };
}
