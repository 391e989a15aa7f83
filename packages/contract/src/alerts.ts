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
  dedup_hash: Type.String({
    description: 'The `dedup_key` of the submission, or the SHA-256 of title, source and IOCs',
  }),
  occurrences: Type.Integer({ description: 'Times it was submitted' }),
  first_seen: Instant,
  last_seen: Instant,
  created_at: Instant,
  updated_at: Instant,
  metadata: JsonObject,
});
export type Alert = Static<typeof Alert>;

const title = Type.String({ minLength: 1, maxLength: 500 });
const severity = Type.Enum(severities);
const details = {
  description: Type.Optional(Nullable(Type.String({ maxLength: 10_000 }))),
  asset_type: Type.Optional(Nullable(Type.String({ minLength: 1, maxLength: 100, description: 'Like `server`' }))),
  affected_assets: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 500 }), { maxItems: 200 })),
  iocs: Type.Optional(Type.Array(Ioc, { maxItems: 200 })),
  mitre_techniques: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 64, description: 'Like `T1110.003`' }), { maxItems: 100 }),
  ),
  raw_log: Type.Optional(
    Nullable(Type.String({ maxLength: 262_144, description: 'What the alert was made of; events carry it cut short' })),
  ),
  assigned_agent: Type.Optional(Nullable(Type.String({ minLength: 1, maxLength: 200 }))),
  case_id: Type.Optional(Nullable(Type.String({ minLength: 1, maxLength: 200 }))),
  metadata: Type.Optional(JsonObject),
};

/** What is submitted. Everything but `raw_log` may have at most 64 KiB together. */
export const AlertInput = Type.Object(
  {
    title,
    severity,
    source: Type.String({ minLength: 1, maxLength: 200, description: 'What has noticed it' }),
    ...details,
    dedup_key: Type.Optional(
      Nullable(
        Type.String({
          minLength: 1,
          maxLength: 512,
          description: 'Alerts with the same key are one; default: the SHA-256 of `title|source|` and the IOCs',
        }),
      ),
    ),
  },
  { additionalProperties: false },
);
export type AlertInput = Static<typeof AlertInput>;

/** The fields that are sent are changed; `metadata` and lists as a whole. What makes alerts the same stays. */
export const AlertPatch = Type.Object(
  {
    title: Type.Optional(title),
    severity: Type.Optional(severity),
    status: Type.Optional(Type.Enum(alertStatuses)),
    ...details,
  },
  { additionalProperties: false },
);
export type AlertPatch = Static<typeof AlertPatch>;

export const AcknowledgeInput = Type.Object(
  {
    assigned_agent: Type.Optional(
      Type.String({ minLength: 1, maxLength: 200, description: 'Who takes it; default: the caller' }),
    ),
  },
  { additionalProperties: false },
);
export type AcknowledgeInput = Static<typeof AcknowledgeInput>;

/** An alert after a submission. */
export const SubmittedAlert = Type.Object({
  ...Alert.properties,
  deduplicated: Type.Boolean({ description: 'Whether it was there already, and has one more occurrence' }),
});
export type SubmittedAlert = Static<typeof SubmittedAlert>;

/** Most alerts of one bulk submission. */
export const MAX_BULK_ALERTS = 500;

export const AlertBulkInput = Type.Object(
  { alerts: Type.Array(AlertInput, { minItems: 1, maxItems: MAX_BULK_ALERTS }) },
  { additionalProperties: false },
);
export type AlertBulkInput = Static<typeof AlertBulkInput>;

export const AlertBulkResult = Type.Object({
  results: Type.Array(
    Type.Object({
      outcome: Type.Enum(['created', 'deduplicated', 'rejected'] as const),
      alert: Type.Optional(Alert),
      error: Type.Optional(
        Type.Object(
          { error: Type.String(), message: Type.String(), details: JsonObject },
          { description: 'As in an error body' },
        ),
      ),
    }),
    { description: 'One for each alert, in the order in which they were given' },
  ),
  created: Type.Integer(),
  deduplicated: Type.Integer(),
  rejected: Type.Integer(),
});
export type AlertBulkResult = Static<typeof AlertBulkResult>;

/** Which alerts a live view shows. */
export const AlertStreamQuery = Type.Object(
  {
    severity: Type.Optional(Type.Enum(severities)),
    status: Type.Optional(Type.Enum(alertStatuses)),
    source: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  },
  { additionalProperties: false },
);
export type AlertStreamQuery = Static<typeof AlertStreamQuery>;

/** The same as a WebSocket, whose clients cannot send `Last-Event-ID`. */
export const AlertSocketQuery = Type.Object(
  {
    ...AlertStreamQuery.properties,
    after: Type.Optional(
      Type.String({ pattern: '^\\d{1,15}-\\d{1,15}$', description: 'Id of the last message that was seen' }),
    ),
  },
  { additionalProperties: false },
);
export type AlertSocketQuery = Static<typeof AlertSocketQuery>;

/** Where the WebSocket of alerts is, which the table of operations has no words for. It needs `alerts:read`. */
export const ALERT_SOCKET_PATH = '/ws/alerts';

export const AlertListQuery = Type.Object(
  {
    ...PageQuery.properties,
    ...AlertStreamQuery.properties,
    since: Type.Optional({ ...Instant, description: 'Only alerts seen since this instant' }),
    q: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'Part of title or description' })),
  },
  { additionalProperties: false },
);
export type AlertListQuery = Static<typeof AlertListQuery>;
