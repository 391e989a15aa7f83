import { camelCase, type OperationShape } from './operation-shape.ts';

/** The table of operations without schemas. */
export function operationsFile(shapes: readonly OperationShape[]): string {
  const rows = shapes.map((shape) => `  '${shape.id}': ${entry(shape)},`);
  return `import type { OperationEntry } from '../operation-entry.ts';

/** What the API can be asked for, and how. */
export const operations = {
${rows.join('\n')}
} as const satisfies Record<string, OperationEntry>;

/** Name of an operation, for example \`tasks.create\`. */
export type OperationId = keyof typeof operations;
`;
}

function entry({ id, operation, resource, method, query, body, item }: OperationShape): string {
  const fields = [
    ...(camelCase(id) === `${resource}.${method}` ? [] : [`on: '${resource}.${method}'`]),
    `method: '${operation.method}'`,
    `path: '${operation.path}'`,
    `repeat: '${operation.repeat}'`,
    ...(operation.access === 'public' ? ['open: true'] : []),
    ...(body === 'none' ? [] : ['body: true']),
    ...(Reflect.get(operation, 'anyBody') ? ['anyBody: true'] : []),
    ...(query === 'none' ? [] : ['query: true']),
    ...(operation.stream ? ['stream: true'] : []),
    ...(item === undefined ? [] : ['list: true']),
  ];
  return `{ ${fields.join(', ')} }`;
}
