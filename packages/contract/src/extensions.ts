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

export const ExtensionStatus = Type.Object({
  state: Type.Enum(extensionStates, {
    description: '`discovered`: known, started at its first use. `error`: tried again at the next use',
  }),
  info: Type.Object({ id: Type.String(), name: Type.String(), version: Type.String(), description: Type.String() }),
  source: Type.Enum(['builtin', 'env_dir', 'env_file', 'package'], { description: 'Where it was found' }),
  capabilities: Type.Array(Type.String(), { description: 'What is granted' }),
  loaded_ms: Nullable(Type.Number({ description: 'How long the last activation took, milliseconds' })),
  generation: Nullable(Type.Integer({ description: 'Activations since the start; null while it is not loaded' })),
  metrics: Type.Object({ requests_total: Type.Number(), errors_total: Type.Number(), latency_ms_sum: Type.Number() }),
  breaker: Type.Enum(['closed', 'open', 'half_open'], { description: '`open`: requests are refused for a while' }),
  error: Type.Optional(Type.String({ description: 'Why it does not run' })),
  effects: Type.Optional(
    Type.Array(Type.Object({ kind: Type.String(), label: Type.String() }), {
      description: 'What it holds, oldest first; only with `effects=1`',
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
      Type.Integer({ minimum: 0, maximum: 1, default: 0, description: '1 shows what each extension holds' }),
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
