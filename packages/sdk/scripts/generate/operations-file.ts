import { camelCase, type OperationShape } from './operation-shape.ts';

/** The table of operations without schemas. */
export function operationsFile(shapes: readonly OperationShape[]): string {
  const ids = shapes.map(({ id }) => `  | '${id}'`);
  return `/** Name of an operation, for example \`tasks.create\`. */
export type OperationId =
${ids.join('\n')};

/** A row for each operation: see \`readOperations\`. As text it takes a quarter less of a bundle than as objects. */
export const operationRows = \`
${shapes.map(row).join('\n')}
\`;
`;
}

const methodMarks = { GET: 'G', POST: 'P', PUT: 'U', PATCH: 'A', DELETE: 'D' } as const;
const repeatMarks = { safe: 's', idempotent: 'i', keyed: 'k', single: 'x' } as const;

/** \`tasks.list Gsql /tasks\`: name, marks, path, and the method of the client where its name is another. */
function row({ id, operation, resource, method, query, body, item }: OperationShape): string {
  const marks = [
    methodMarks[operation.method],
    repeatMarks[operation.repeat],
    operation.access === 'public' ? 'o' : '',
    body === 'none' ? '' : 'b',
    Reflect.get(operation, 'anyBody') ? 'a' : '',
    query === 'none' ? '' : 'q',
    operation.stream ? 't' : '',
    item === undefined ? '' : 'l',
  ];
  const place = `${resource}.${method}`;
  return [id, marks.join(''), operation.path, ...(camelCase(id) === place ? [] : [place])].join(' ');
}
