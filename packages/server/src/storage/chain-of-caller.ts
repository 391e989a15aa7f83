import { isUuid } from '../kernel/ids.ts';
import type { Store } from './store.ts';

/**
 * How many runs started by events led to a call of a tool: 0 where it is not made by a run.
 *
 * @param idempotencyKey of the call: `runId:stepId` where a run makes it.
 */
export async function chainOfCaller(store: Store, idempotencyKey: string): Promise<number> {
  const [runId = ''] = idempotencyKey.split(':', 1);
  if (!isUuid(runId) || runId === idempotencyKey) return 0;
  const run = await store.db.selectFrom('runs').select('chain').where('id', '=', runId).executeTakeFirst();
  return run?.chain ?? 0;
}
