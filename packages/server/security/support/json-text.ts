import type { Json } from './schema-arbitrary.ts';

/** A piece of JSON that no value stands for: `1e400`, a key twice, brackets without end. */
export class Verbatim {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text.length > 60 ? `${this.text.slice(0, 57)}…` : this.text;
  }
}

export type Written = Verbatim | Json | readonly Written[] | { readonly [key: string]: Written };

/** JSON, with what is verbatim as it is. */
export function writeJson(value: Written): string {
  if (value instanceof Verbatim) return value.text;
  if (Array.isArray(value)) return `[${value.map(writeJson).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Object.entries(value as Record<string, Written>);
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${writeJson(member)}`).join(',')}}`;
}
