import type { FastifyServerOptions } from 'fastify';

type SchemaController = NonNullable<FastifyServerOptions['schemaController']>;
type Compilers = NonNullable<SchemaController['compilersFactory']>;

/**
 * Route schemas are documentation: nothing is checked, coerced, removed or defaulted by the framework. The routes check
 * paths and queries, the services check bodies. It also keeps Fastify's own compilers out of the start, which cost more to
 * load than the rest of Fastify.
 */
export const noCompilers: SchemaController = {
  compilersFactory: {
    // Fastify calls any function here; its type asks for one that Ajv has made.
    buildValidator: (() => () => () => true) as unknown as NonNullable<Compilers['buildValidator']>,
    buildSerializer: () => () => (value: unknown) => JSON.stringify(value),
  },
};
