import { printBody } from './print-type.ts';
import type { TypeNames } from './type-names.ts';

/** The file of types. */
export function modelsFile(names: TypeNames): string {
  const done = new Map<string, string>();
  // Printing one may use others, which come after it.
  for (const [name, schema] of names.used()) {
    const printed = printBody(schema, names);
    // What is undefined is not asked for: callers whose compiler tells it from what is left out may give it too.
    const body = name.endsWith('Query') ? printed.replace(/^( {2}\w+\?: .+);$/gm, '$1 | undefined;') : printed;
    done.set(name, body.startsWith('{') ? `export interface ${name} ${body}\n` : `export type ${name} = ${body};\n`);
  }
  return [...done]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, text]) => text)
    .join('\n');
}
