import { camelCase, type OperationShape } from './operation-shape.ts';
import { printType } from './print-type.ts';
import type { Schema } from './schema.ts';
import type { TypeNames } from './type-names.ts';

/** The interfaces of the resources: one method for each operation. */
export function resourcesFile(shapes: readonly OperationShape[], names: TypeNames): string {
  const groups = Map.groupBy(shapes, ({ resource }) => resource);
  const interfaces = [...groups].map(
    ([resource, members]) => `/** The operations of \`client.${resource}\`. */
export interface ${interfaceName(resource)} {
${members.map((shape) => method(shape, names)).join('\n\n')}
}
`,
  );
  const table = [...groups.keys()].map((resource) => `  readonly ${resource}: ${interfaceName(resource)};`);
  const body = `${interfaces.join('\n')}
/** Every resource that comes from the table of operations. */
export interface TableResources {
${table.join('\n')}
}
`;
  const models = [...names.used().keys()].sort().filter((name) => new RegExp(`\\b${name}\\b`).test(body));
  return `import type { Call, CallOptions } from '../call.ts';
import type { List } from '../list.ts';
import type { EventStream, StreamOptions } from '../event-stream.ts';
import type {
${models.map((name) => `  ${name},`).join('\n')}
} from './models.ts';

${body}`;
}

const interfaceName = (resource: string): string => `${resource[0]?.toUpperCase()}${resource.slice(1)}Resource`;

function method(shape: OperationShape, names: TypeNames): string {
  const { operation, params, query, body } = shape;
  const parameters = [
    ...params.map((name) => `${camelCase(name)}: ${printType(partOf(operation.params, name), names, '  ')}`),
    ...(body === 'none' ? [] : [`body${mark(body)}: ${typeOf(operation.body, names)}`]),
    ...(query === 'none' ? [] : [`query${mark(query)}: ${typeOf(operation.query, names)}`]),
    `options?: ${operation.stream ? 'StreamOptions' : 'CallOptions'}`,
  ];
  return `${docOf(shape)}\n  ${shape.method}(${parameters.join(', ')}): ${resultOf(shape, names)};`;
}

function resultOf({ operation, answers, item }: OperationShape, names: TypeNames): string {
  if (operation.stream) return 'EventStream';
  if (item === undefined)
    return `Call<${answers.map((one) => printType(one, names, '  ')).join(' | ') || 'undefined'}>`;
  const type = printType(item, names, '  ');
  const isPage = answers[0]?.properties?.next_cursor !== undefined;
  return isPage ? `List<${type}>` : `List<${type}, ${answers.map((one) => printType(one, names, '  ')).join(' | ')}>`;
}

const repeats = {
  safe: 'Changes nothing; sent again where it failed.',
  idempotent: 'Sent again where it failed: a second time changes nothing more.',
  keyed: 'Sent again where it failed, with the same `Idempotency-Key`.',
  single: 'Sent once: a failure does not tell whether it was done.',
} as const;

function docOf({ id, operation, params, query, body }: OperationShape): string {
  const { access } = operation;
  const who =
    access === 'public' ? 'Everybody may' : access === 'authenticated' ? 'Needs a caller' : `Needs \`${access}\``;
  const lines = [
    `${operation.summary}.`,
    '',
    `\`${id}\`: \`${operation.method} ${operation.path}\`. ${who}. ${repeats[operation.repeat]}`,
    '',
    ...params.map((name) => paramLine(camelCase(name), partOf(operation.params, name))),
    ...(body === 'none' ? [] : ['@param body what is sent']),
    ...(query === 'none' ? [] : ['@param query what is asked for']),
    `@returns ${lower(operation.success.description)}.`,
    `@throws OrdinautError with ${codes(operation.errors)}.`,
  ];
  return `  /**\n${lines.map((line) => `   * ${line.replaceAll('*/', '*\\/')}`.trimEnd()).join('\n')}\n   */`;
}

const paramLine = (name: string, { description }: Schema): string =>
  `@param ${name} ${description === undefined ? `${name} of it` : lower(description)}`;

const codes = (errors: readonly string[]): string =>
  [...errors, 'rate_limit_exceeded', 'internal_error', 'unavailable']
    .filter((code, index, all) => all.indexOf(code) === index)
    .map((code) => `\`${code}\``)
    .join(', ');

const mark = (part: 'optional' | 'required'): string => (part === 'optional' ? '?' : '');
const lower = (text: string): string => (/^[A-Z][a-z]/.test(text) ? `${text[0]?.toLowerCase()}${text.slice(1)}` : text);
const typeOf = (schema: Schema | undefined, names: TypeNames): string => printType(schema ?? {}, names, '  ');
const partOf = (schema: Schema | undefined, name: string): Schema => schema?.properties?.[name] ?? { type: 'string' };
