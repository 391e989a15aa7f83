import { commonScopes, type Role, roles } from '@ordinaut/contract';
import type { PrincipalRow } from '../storage/tables.ts';

/** Everything that a user or agent may do: the scopes of the role and their own. */
export function scopesOf({ role, scopes }: Pick<PrincipalRow, 'role' | 'scopes'>): string[] {
  const ofRole: readonly string[] = role !== null && Object.hasOwn(roles, role) ? roles[role as Role] : [];
  return [...new Set([...ofRole, ...readScopes(scopes)])].sort();
}

/** The same, where a login or key was made for less: what was given up stays so, and what was taken away since is gone. */
export function narrowedScopes(
  principal: Pick<PrincipalRow, 'role' | 'scopes'>,
  to: readonly string[] | null,
): string[] {
  const all = scopesOf(principal);
  return to === null ? all : commonScopes(all, to);
}

export const mayEverything = (principal: Pick<PrincipalRow, 'role' | 'scopes'>): boolean =>
  scopesOf(principal).includes('*');

export const readScopes = (json: string): string[] => JSON.parse(json) as string[];
export const readScopesOrNull = (json: string | null): string[] | null => (json === null ? null : readScopes(json));
