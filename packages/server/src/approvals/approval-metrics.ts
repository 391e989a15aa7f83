import type { Metrics } from '../metrics/metrics.ts';
import type { Store } from '../storage/store.ts';
import { ApprovalRepository } from './approval-repository.ts';

/** The approvals that wait for an answer, of all processes on this store; at most 10,000 are counted. */
export function addApprovalMetrics(metrics: Pick<Metrics, 'addGauge'>, store: Store): void {
  const approvals = new ApprovalRepository(store);
  metrics.addGauge({ name: 'approvals_pending', help: 'Approvals that wait for an answer.' }, () =>
    approvals.countPending(),
  );
}
