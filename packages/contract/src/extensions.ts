import Type, { type Static } from 'typebox';
import { Instant, Nullable } from './common.ts';

export const extensionStates = [
  'discovered',
  'activating',
  'loaded',
  'draining',
  'unloaded',
  'invalid',
  'disabled',
  'error',
  'quarantined',
] as const;
export type ExtensionState = (typeof extensionStates)[number];

export const ExtensionStatus = Type.Object({
  state: Type.Enum(extensionStates, {
    description: '`discovered`: known, started at its first use. `error`: tried again at the next use',
  }),
  info: Type.Object({ id: Type.String(), name: Type.String(), version: Type.String(), description: Type.String() }),
  capabilities: Type.Array(Type.String(), { description: 'What is granted' }),
  loaded_ms: Nullable(Type.Number({ description: 'How long the last activation took, milliseconds' })),
  metrics: Type.Object({ requests_total: Type.Number(), errors_total: Type.Number(), latency_ms_sum: Type.Number() }),
  error: Type.Optional(Type.String({ description: 'Why it does not run' })),
  source: Type.Optional(
    Type.Enum(['builtin', 'env_dir', 'env_file', 'package'], { description: 'Where it was found; with `effects=1`' }),
  ),
  generation: Type.Optional(
    Nullable(
      Type.Integer({ description: 'Activations since the start; null while it is not loaded; with `effects=1`' }),
    ),
  ),
  breaker: Type.Optional(
    Type.Enum(['closed', 'open', 'half_open'], {
      description: '`open`: requests are refused for a while; with `effects=1`',
    }),
  ),
  effects: Type.Optional(
    Type.Array(Type.Object({ kind: Type.String(), label: Type.String() }), {
      description: 'What it holds, oldest first; with `effects=1`',
    }),
  ),
});
export type ExtensionStatus = Static<typeof ExtensionStatus>;

export const ExtensionsStatus = Type.Object({
  extensions: Type.Record(Type.String(), ExtensionStatus, { description: 'By id' }),
  discovery_sources: Type.Array(Type.String(), { description: 'Where extensions were found' }),
  total_extensions: Type.Integer(),
  loaded_extensions: Type.Integer(),
  failed_extensions: Type.Integer({ description: 'In the states `invalid`, `error` and `quarantined`' }),
});
export type ExtensionsStatus = Static<typeof ExtensionsStatus>;

export const ExtensionsStatusQuery = Type.Object(
  {
    effects: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 1,
        default: 0,
        description: '1 shows more of each: where it was found, generation, breaker, what it holds',
      }),
    ),
  },
  { additionalProperties: false },
);
export type ExtensionsStatusQuery = Static<typeof ExtensionsStatusQuery>;

/** What `GET /ext/{id}/health` answers, also for an extension that has no health of its own. */
export const ExtensionHealth = Type.Object({
  status: Type.Enum(['healthy', 'degraded', 'unhealthy']),
  timestamp: Instant,
  version: Type.String({ description: 'Version of the extension' }),
  checks: Type.Record(Type.String(), Type.String()),
});
export type ExtensionHealth = Static<typeof ExtensionHealth>;

/** What `GET /ext/{id}/config` shows. */
export const ExtensionConfig = Type.Object({
  extension_id: Type.String(),
  source: Type.Enum(['stored', 'environment', 'none'], {
    description: '`stored`: by `PUT /ext/{id}/config`, which goes before `environment`: ORDINAUT_EXT_CONFIG',
  }),
  config: Type.Record(Type.String(), Type.Unknown(), {
    description: 'What was given, without defaults; the value of a secret is `"********"`',
  }),
  schema: Nullable(Type.Record(Type.String(), Type.Unknown(), { description: '`config` of the manifest' })),
});
export type ExtensionConfig = Static<typeof ExtensionConfig>;

export const ExtensionConfigInput = Type.Object(
  {
    config: Type.Record(Type.String(), Type.Unknown(), {
      description: 'All of it; a secret whose value is `"********"` keeps the one it has',
    }),
  },
  { additionalProperties: false },
);
export type ExtensionConfigInput = Static<typeof ExtensionConfigInput>;
