import type { Schema } from './schema.ts';
import type { TypeNames } from './type-names.ts';

/** A schema as a TypeScript type. `indent` is that of the line it stands in. */
export function printType(schema: Schema, names: TypeNames, indent = ''): string {
  return names.use(schema) ?? printBody(schema, names, indent);
}

/** The same, also for one that has a name: what the name stands for. */
export function printBody(schema: Schema, names: TypeNames, indent = ''): string {
  if (schema.anyOf !== undefined) {
    return [...new Set(schema.anyOf.map((one) => printType(one, names, indent)))].join(' | ');
  }
  if (schema.enum !== undefined) return schema.enum.map(literal).join(' | ');
  if (schema.const !== undefined) return literal(schema.const);
  switch (schema.type) {
    case 'string':
      return 'string';
    case 'integer':
    case 'number':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'null':
      return 'null';
    case 'array': {
      const item = printType(schema.items ?? {}, names, indent);
      return /[|]/.test(item) ? `(${item})[]` : `${item}[]`;
    }
    case 'object':
      return printObject(schema, names, indent);
    case undefined:
      return 'unknown';
    default:
      throw new Error(`The generator knows no type "${schema.type}"; teach it in print-type.ts.`);
  }
}

function printObject(schema: Schema, names: TypeNames, indent: string): string {
  if (schema.properties === undefined) {
    const value = Object.values(schema.patternProperties ?? {})[0] ?? {};
    return `Record<string, ${printType(value, names, indent)}>`;
  }
  const inner = `${indent}  `;
  const fields = Object.entries(schema.properties).map(([name, field]) => {
    const mark = schema.required?.includes(name) === true ? '' : '?';
    return `${docOf(field, inner)}${inner}${name}${mark}: ${printType(field, names, inner)};\n`;
  });
  if (schema.additionalProperties === true) fields.push(`${inner}[key: string]: unknown;\n`);
  return fields.length === 0 ? 'Record<string, never>' : `{\n${fields.join('')}${indent}}`;
}

/** What a field says of itself, as a docstring; nothing where it says nothing. */
function docOf(schema: Schema, indent: string): string {
  const preset = schema.default === undefined ? '' : `Default: \`${JSON.stringify(schema.default)}\`.`;
  const text = [schema.description === undefined ? '' : `${schema.description}.`, preset].filter(Boolean).join(' ');
  return text === '' ? '' : `${indent}/** ${text.replaceAll('*/', '*\\/')} */\n`;
}

const literal = (value: unknown): string =>
  typeof value === 'string' ? `'${value.replaceAll("'", "\\'")}'` : JSON.stringify(value);
