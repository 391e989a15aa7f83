import type { Agent, User } from '@ordinaut/contract';
import { toIso, toIsoOrNull } from '../kernel/clock.ts';
import type { PrincipalRow } from '../storage/tables.ts';
import { readScopes, scopesOf } from './principal-scopes.ts';

const common = (row: PrincipalRow) => ({
  id: row.id,
  role: row.role,
  scopes: readScopes(row.scopes),
  effective_scopes: scopesOf(row),
  disabled: row.disabled === 1,
  created_by: row.created_by,
  created_at: toIso(row.created_at),
  updated_at: toIso(row.updated_at),
  last_login_at: toIsoOrNull(row.last_login_at),
});

/** A user as the API shows them. */
export const toUser = (row: PrincipalRow): User => ({ username: row.name, ...common(row) });

/** An agent as the API shows it. */
export const toAgent = (row: PrincipalRow): Agent => ({
  name: row.name,
  description: row.description,
  has_secret: row.secret_hash !== null,
  ...common(row),
});
