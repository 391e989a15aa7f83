import { roleNames } from '@ordinaut/contract';
import type { Caller } from '../identity/caller.ts';
import { ApiError } from '../kernel/errors.ts';
import { didYouMean } from '../kernel/near.ts';
import type { ApprovalRow } from '../storage/approval-row.ts';
import type { Store } from '../storage/store.ts';

const ROLE = 'role:';

/** What is wrong with the approvers that a step names: an approval that nobody can decide would only expire. */
export async function approverIssues(store: Store, approvers: readonly string[]): Promise<string[]> {
  const names = approvers.filter((approver) => !approver.startsWith(ROLE));
  const known = names.length === 0 ? new Set() : await knownNames(store, names);
  return approvers.flatMap((approver) => {
    const shown = JSON.stringify(approver);
    if (approver.startsWith(ROLE)) {
      const role = approver.slice(ROLE.length);
      if (roleNames.some((name) => name === role)) return [];
      return [
        `approvers has ${shown}; there is no such role.${didYouMean(role, roleNames)} Roles: ${roleNames.join(', ')}`,
      ];
    }
    if (known.has(approver.toLowerCase())) return [];
    const isRole = roleNames.some((name) => name === approver);
    const hint = isRole ? `; write ${JSON.stringify(ROLE + approver)} for everybody of the role` : '';
    return [`approvers has ${shown}; there is no user or agent of this name${hint}`];
  });
}

async function knownNames(store: Store, names: readonly string[]): Promise<Set<string>> {
  const keys = names.map((name) => name.toLowerCase());
  const found = await store.db
    .selectFrom('principals')
    .select('name_key')
    .where('name_key', 'in', keys)
    .where('deleted_at', 'is', null)
    .execute();
  return new Set(found.map((principal) => principal.name_key));
}

/**
 * Whether somebody may decide, beyond the scope.
 *
 * @throws ApiError `forbidden` naming who may.
 */
export function assertMayDecide(row: ApprovalRow, by: Caller): void {
  const approvers = JSON.parse(row.approvers) as string[];
  const { identity } = by;
  const details = { approval_id: row.id, approvers, requested_by: row.requested_by };
  if (approvers.length > 0 && !approvers.some((approver) => isMeant(approver, identity))) {
    const who = identity === null ? 'nobody who is logged in' : identity.name;
    throw new ApiError('forbidden', `Only ${approvers.join(', ')} may decide approval ${row.id}; you are ${who}.`, {
      details,
    });
  }
  if (row.allow_self === 1) return;
  if (identity === null)
    throw new ApiError('forbidden', `Log in to decide approval ${row.id}: who has asked for it may not decide it.`, {
      details,
    });
  if (identity.name === row.requested_by)
    throw new ApiError(
      'forbidden',
      `${identity.name} has asked for approval ${row.id}; somebody else has to decide it.`,
      {
        details,
      },
    );
}

const isMeant = (approver: string, identity: Caller['identity']): boolean =>
  identity !== null &&
  (approver.startsWith(ROLE)
    ? identity.role === approver.slice(ROLE.length)
    : identity.name.toLowerCase() === approver.toLowerCase());
