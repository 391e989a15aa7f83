import { printBody } from './print-type.ts';
import type { TypeNames } from './type-names.ts';

/** The file of types. */
export function modelsFile(names: TypeNames): string {
  const done = new Map<string, string>();
  // Printing one may use others, which come after it.
  for (const [name, schema] of names.used()) {
    const body = printBody(schema, names);
    done.set(name, body.startsWith('{') ? `export interface ${name} ${body}\n` : `export type ${name} = ${body};\n`);
  }
  return [...done]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, text]) => text)
    .join('\n');
}
