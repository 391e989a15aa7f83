import type { IncomingMessage } from 'node:http';
import type { AuditLog } from '../identity/audit-log.ts';
import { ApiError } from '../kernel/errors.ts';
import { entryOf } from './door/entry.ts';

/**
 * Notes in the audit log that somebody who is known tried what they may not do, and throws the refusal on. Strangers are not noted: there
 * is no end of them, and nothing to tell but their addresses.
 *
 * @param what null: nothing would have been changed.
 */
export async function auditRefusal(
  request: IncomingMessage,
  error: unknown,
  what: { readonly action: string; readonly target: string | null } | null,
  audit: Pick<AuditLog, 'record'>,
): Promise<never> {
  const { caller } = entryOf(request);
  if (what !== null && error instanceof ApiError && caller !== null && caller.identity !== null)
    await audit.record({ ...what, caller, status: error.status, error: error.code });
  throw error;
}
