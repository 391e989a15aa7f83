import Type, { type Static } from 'typebox';
import { Id, Instant, JsonObject, Nullable, PageQuery } from './common.ts';

export const severities = ['critical', 'high', 'medium', 'low', 'info'] as const;
export type Severity = (typeof severities)[number];
export const alertStatuses = ['new', 'triaged', 'investigating', 'escalated', 'resolved', 'false_positive'] as const;
export type AlertStatus = (typeof alertStatuses)[number];

export const Ioc = Type.Object(
  { type: Type.String({ minLength: 1, maxLength: 64 }), value: Type.String({ minLength: 1, maxLength: 2000 }) },
  { additionalProperties: true, description: 'Indicator of compromise' },
);
export type Ioc = Static<typeof Ioc>;

export const Alert = Type.Object({
  id: Id,
  title: Type.String(),
  description: Nullable(Type.String()),
  severity: Type.Enum(severities),
  status: Type.Enum(alertStatuses),
  source: Type.String(),
  asset_type: Nullable(Type.String()),
  affected_assets: Type.Array(Type.String()),
  iocs: Type.Array(Ioc),
  mitre_techniques: Type.Array(Type.String()),
  raw_log: Nullable(Type.String()),
  assigned_agent: Nullable(Type.String()),
  case_id: Nullable(Type.String()),
  dedup_hash: Type.String(),
  occurrences: Type.Integer(),
  first_seen: Instant,
  last_seen: Instant,
  created_at: Instant,
  updated_at: Instant,
  metadata: JsonObject,
});
export type Alert = Static<typeof Alert>;

export const AlertListQuery = Type.Object(
  {
    ...PageQuery.properties,
    severity: Type.Optional(Type.Enum(severities)),
    status: Type.Optional(Type.Enum(alertStatuses)),
    source: Type.Optional(Type.String({ maxLength: 200 })),
    since: Type.Optional({ ...Instant, description: 'Only alerts seen since this instant' }),
    q: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'Part of title or description' })),
  },
  { additionalProperties: false },
);
export type AlertListQuery = Static<typeof AlertListQuery>;
