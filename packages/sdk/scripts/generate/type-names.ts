import type { Schema } from './schema.ts';

/**
 * Which schemas have a name: the objects and lists of words that the contract exports. A schema that is used keeps its identity, so
 * that a `Task` within a page is found to be the `Task` that is exported.
 */
export class TypeNames {
  readonly #names = new Map<unknown, string>();
  readonly #used = new Map<string, Schema>();

  constructor(exports: Readonly<Record<string, unknown>>) {
    for (const [name, value] of Object.entries(exports)) {
      if (typeof value !== 'object' || value === null || !/^[A-Z]/.test(name)) continue;
      const schema: Schema = value;
      // Of two names of one schema the first counts: a patch may be the input.
      if (this.#names.has(schema)) continue;
      if (schema.properties !== undefined || schema.enum !== undefined) this.#names.set(schema, name);
    }
  }

  /** The name of a schema, which is noted as used; undefined: it has none, and is written where it stands. */
  use(schema: Schema): string | undefined {
    const name = this.#names.get(schema);
    if (name !== undefined) this.#used.set(name, schema);
    return name;
  }

  /** Everything used so far, by name. It grows while it is gone through. */
  used(): ReadonlyMap<string, Schema> {
    return this.#used;
  }
}
