import { type OperationId, operationRows } from './generated/operations.ts';
import type { OperationEntry } from './operation-entry.ts';

const methods = { G: 'GET', P: 'POST', U: 'PUT', A: 'PATCH', D: 'DELETE' } as const;
const repeats = { s: 'safe', i: 'idempotent', k: 'keyed', x: 'single' } as const;
const flags = { o: 'open', b: 'body', a: 'anyBody', q: 'query', t: 'stream', l: 'list' } as const;

/** What the API can be asked for, and how. */
export const operations = /* @__PURE__ */ readOperations(operationRows);

/** Reads rows of name, marks (method, repeat, flags), path and, where it is not that of the name, the method of the client. */
function readOperations(rows: string): Readonly<Record<OperationId, OperationEntry>> {
  const entries = rows
    .trim()
    .split('\n')
    .map((row) => {
      const [id = '', marks = '', path = '', on] = row.split(' ');
      const method = methods[marks[0] as keyof typeof methods];
      const repeat = repeats[marks[1] as keyof typeof repeats];
      const given = [...marks.slice(2)].map((flag) => [flags[flag as keyof typeof flags], true]);
      return [id, { path, method, repeat, ...Object.fromEntries(given), ...(on && { on }) }];
    });
  return Object.fromEntries(entries);
}
