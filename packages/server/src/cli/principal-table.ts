import { isRecord } from './is-record.ts';
import { type Output, paintStatus, table, text } from './output.ts';

/** A page of users or agents for a person. */
export async function principalTable(page: unknown, what: 'user' | 'agent', color: Output['color']): Promise<string> {
  const items = isRecord(page) && Array.isArray(page.items) ? page.items.filter(isRecord) : [];
  if (items.length === 0) return `There is no such ${what}.`;
  const rows = items.map((item) => [
    text(item.username ?? item.name),
    paintStatus(item.disabled === true ? 'disabled' : 'active', color),
    text(item.role),
    listed(item.scopes),
    text(item.last_login_at),
  ]);
  return table(['NAME', 'STATUS', 'ROLE', 'SCOPES', 'LAST LOGIN'], rows, color);
}

/** A list in a cell. */
export const listed = (values: unknown): string =>
  Array.isArray(values) && values.length > 0 ? values.map(text).join(', ') : '–';
