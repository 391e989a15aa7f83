import type { Agent, Page, User } from '@ordinaut/sdk';
import { type Output, paintStatus, table, text } from './output.ts';

/** A page of users or agents for a person. */
export async function principalTable(
  page: Page<User> | Page<Agent>,
  what: 'user' | 'agent',
  color: Output['color'],
): Promise<string> {
  const items: readonly (User | Agent)[] = page.items;
  if (items.length === 0) return `There is no such ${what}.`;
  const rows = items.map((item) => [
    text('username' in item ? item.username : item.name),
    paintStatus(item.disabled ? 'disabled' : 'active', color),
    text(item.role),
    listed(item.scopes),
    text(item.last_login_at),
  ]);
  return table(['NAME', 'STATUS', 'ROLE', 'SCOPES', 'LAST LOGIN'], rows, color);
}

/** A list in a cell. */
export const listed = (values: unknown): string =>
  Array.isArray(values) && values.length > 0 ? values.map(text).join(', ') : '–';
