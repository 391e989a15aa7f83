import { type Operation, operations } from '@ordinaut/contract';

/** An operation of the table with the values of its path. */
export interface FoundOperation {
  readonly id: string;
  readonly operation: Operation;
  readonly params: Record<string, string>;
}

const API_PREFIX = '/api/v1';
const table: readonly (readonly [string, Operation])[] = Object.entries(operations);
const shapes = table.map(([id, operation]) => ({ id, operation, parts: operation.path.split('/') }));

/** The path without `/api/v1`, under which everything is served a second time. */
export const withoutPrefix = (path: string): string =>
  path === API_PREFIX || path.startsWith(`${API_PREFIX}/`) ? path.slice(API_PREFIX.length) || '/' : path;

/** The operation that a request means; null where there is none. */
export function findOperation(method: string, path: string): FoundOperation | null {
  const [best] = fitting(path)
    .filter(({ operation }) => operation.method === (method === 'HEAD' ? 'GET' : method))
    .sort((a, b) => Object.keys(a.params).length - Object.keys(b.params).length);
  return best ?? null;
}

/** What a path answers to, by name. */
export function methodsOf(path: string): string[] {
  const methods = fitting(path).map(({ operation }) => operation.method);
  return [...new Set([...methods, ...(methods.includes('GET') ? ['HEAD'] : [])])].sort();
}

function fitting(path: string): FoundOperation[] {
  const asked = withoutPrefix(path).split('/');
  return shapes.flatMap(({ id, operation, parts }) => {
    if (parts.length !== asked.length) return [];
    const params: Record<string, string> = {};
    for (const [at, part] of parts.entries()) {
      const value = asked[at] ?? '';
      if (!part.startsWith('{')) {
        if (part !== value) return [];
      } else if (value === '') return [];
      else params[part.slice(1, -1)] = decoded(value);
    }
    return [{ id, operation, params }];
  });
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
