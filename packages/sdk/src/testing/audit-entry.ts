import type { AuditEntry, OperationId } from '@ordinaut/contract';
import type { World } from './call.ts';
import type { Caller } from './caller.ts';
import { newId } from './new-id.ts';

/** What the audit log tells of an operation that changes something, or was refused. */
export function auditEntry(
  world: World,
  about: Pick<AuditEntry, 'status' | 'error' | 'target'> & {
    operationId: OperationId;
    caller: Caller;
    requestId: string;
  },
): AuditEntry {
  const { operationId, caller, requestId, ...outcome } = about;
  const { status } = outcome;
  const now = world.clock.now();
  return {
    id: newId(now),
    at: new Date(now).toISOString(),
    action: operationId,
    fields: null,
    principal: caller.principal?.name ?? null,
    via: caller.via,
    address: '127.0.0.1',
    request_id: requestId,
    outcome: status < 400 ? 'success' : [401, 403, 429].includes(status) ? 'refused' : 'failed',
    ...outcome,
  };
}
