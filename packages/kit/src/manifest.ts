import Type, { type Static } from 'typebox';
import { capabilities } from './capability.ts';

/**
 * The manifest `extension.json`: the whole static truth about an extension. Catalogue, tool list and subscriptions come from it
 * before any of the extension's code runs.
 */

/** Names joined by dots: `*` and `?` stand within one name, `**` for any number of names. */
const TopicPattern = Type.String({ minLength: 1, maxLength: 200, pattern: '^[^\\s.]+(\\.[^\\s.]+)*$' });
const SchemaOfValues = Type.Object({}, { additionalProperties: true, description: 'JSON Schema (draft 2020-12)' });

const Grants = Type.Union([
  Type.Array(Type.Enum(capabilities), { uniqueItems: true }),
  Type.Object(
    Object.fromEntries(
      capabilities.map((name) => [
        name,
        Type.Optional(Type.Object({ reason: Type.Optional(Type.String({ maxLength: 500 })) })),
      ]),
    ),
    { additionalProperties: false },
  ),
]);

export const ToolManifest = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: 60,
      pattern: '^[A-Za-z0-9_.-]+$',
      description: 'Published as `ext.<id>.<name>`',
    }),
    description: Type.String({ minLength: 1, maxLength: 2000, description: 'What it does, for people and assistants' }),
    inputSchema: SchemaOfValues,
    outputSchema: Type.Optional(SchemaOfValues),
    annotations: Type.Optional(
      Type.Object(
        {
          readOnly: Type.Optional(Type.Boolean({ default: false, description: 'Changes nothing' })),
          destructive: Type.Optional(Type.Boolean({ default: false, description: 'May destroy something for good' })),
          idempotent: Type.Optional(Type.Boolean({ default: false, description: 'A repetition changes nothing more' })),
          openWorld: Type.Optional(Type.Boolean({ default: true, description: 'Reaches systems outside this server' })),
        },
        { additionalProperties: false },
      ),
    ),
    scopes: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 100 }), { default: [], description: 'Scopes a caller needs' }),
    ),
    timeoutMs: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 3_600_000, description: 'Longest a call may take, milliseconds' }),
    ),
  },
  { additionalProperties: true },
);
export type ToolManifest = Static<typeof ToolManifest>;

export const StaticManifest = Type.Object({
  dir: Type.String({
    minLength: 1,
    maxLength: 200,
    pattern: '^(?!/)(?!.*(^|[/\\\\])\\.\\.([/\\\\]|$)).+$',
    description: 'Folder of the extension, without `..`',
  }),
  at: Type.Optional(
    Type.String({ pattern: '^/', maxLength: 200, default: '/', description: 'Path below `/ext/<id>`' }),
  ),
});
export type StaticManifest = Static<typeof StaticManifest>;

export const Manifest = Type.Object(
  {
    $schema: Type.Optional(Type.String({ description: 'Where editors find this schema' })),
    id: Type.String({
      minLength: 1,
      maxLength: 64,
      pattern: '^[a-zA-Z0-9_-]+$',
      description: 'Name in paths, tools and metrics',
    }),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'Name for people; default: the id' })),
    version: Type.String({ minLength: 1, maxLength: 64, description: 'Version of the extension, for example 1.2.0' }),
    apiVersion: Type.Literal(1, { description: 'Version of the extension API that it is written for' }),
    description: Type.Optional(Type.String({ maxLength: 2000, default: '', description: 'What it is for' })),
    module: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        pattern: '^(?!/)(?!.*(^|[/\\\\])\\.\\.([/\\\\]|$)).+$',
        default: 'extension.ts',
        description: 'File with the default export of `defineExtension`, TypeScript or JavaScript',
      }),
    ),
    enabled: Type.Optional(Type.Boolean({ default: true, description: 'false: listed, never started' })),
    eager: Type.Optional(
      Type.Boolean({ default: false, description: 'Start with the server; otherwise at the first use' }),
    ),
    grants: Type.Optional(
      Object.assign(Grants, {
        default: [],
        description: 'Capabilities asked for, as a list or with a reason each; none means nothing is granted',
      }),
    ),
    contributes: Type.Optional(
      Type.Object(
        {
          tools: Type.Optional(
            Type.Array(ToolManifest, { maxItems: 200, description: 'Tools it offers; need `TOOLS`' }),
          ),
          events: Type.Optional(
            Type.Object(
              {
                publish: Type.Optional(
                  Type.Array(TopicPattern, { maxItems: 100, description: 'Topics it may publish; need `EVENTS_PUB`' }),
                ),
                subscribe: Type.Optional(
                  Type.Array(TopicPattern, {
                    maxItems: 100,
                    description: 'Topics it may read, which wake it up; need `EVENTS_SUB`',
                  }),
                ),
              },
              { additionalProperties: true },
            ),
          ),
          static: Type.Optional(
            Type.Array(StaticManifest, { maxItems: 20, description: 'Folders served as files; need `STATIC`' }),
          ),
        },
        { additionalProperties: true },
      ),
    ),
    config: Type.Optional(
      Type.Object(
        {},
        {
          additionalProperties: true,
          description: 'JSON Schema of `ctx.config`; `"secret": true` on a property keeps it out of logs and answers',
        },
      ),
    ),
    limits: Type.Optional(
      Type.Object(
        {
          concurrency: Type.Optional(
            Type.Integer({ minimum: 1, maximum: 10_000, default: 64, description: 'Requests at a time; more get 503' }),
          ),
          requestTimeoutMs: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: 3_600_000,
              default: 30_000,
              description: 'Milliseconds until a request without an answer gets 504; streams are not limited',
            }),
          ),
        },
        { additionalProperties: true },
      ),
    ),
  },
  {
    $id: 'https://ordinaut.dev/schemas/extension.schema.json',
    title: 'Ordinaut extension manifest',
    additionalProperties: true,
  },
);
export type Manifest = Static<typeof Manifest>;
