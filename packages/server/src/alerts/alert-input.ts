import {
  type AcknowledgeInput,
  AcknowledgeInput as AcknowledgeSchema,
  type AlertInput,
  type AlertPatch,
  AlertInput as AlertSchema,
  type FieldIssue,
  AlertPatch as PatchSchema,
} from '@ordinaut/contract';
import { ApiError, badRequest } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import { type Check, lazyCheck } from '../kernel/schema.ts';
import type { AlertRow } from '../storage/tables.ts';
import { dedupHash } from './dedup-hash.ts';

/** What an alert may have besides its raw log, in bytes of JSON. Its events have room for that, and the start of the log. */
export const MAX_ALERT_BYTES = 65_536;

const checkAlert = lazyCheck(AlertSchema);
const checkPatch = lazyCheck(PatchSchema);
const checkAcknowledge = lazyCheck(AcknowledgeSchema);

type Columns = Omit<AlertRow, 'id' | 'created_at' | 'first_seen' | 'last_seen' | 'updated_at' | 'occurrences'>;

/**
 * A new alert of what somebody has submitted.
 *
 * @param now epoch milliseconds.
 * @throws ApiError `bad_request` with every field that is wrong, `payload_too_large` where it is too much besides the raw log.
 */
export function readAlert(input: unknown, now: number): AlertRow {
  const alert = read<AlertInput>(checkAlert, input);
  const columns: Columns = {
    title: alert.title,
    description: alert.description ?? null,
    severity: alert.severity,
    status: 'new',
    source: alert.source,
    asset_type: alert.asset_type ?? null,
    affected_assets: JSON.stringify(alert.affected_assets ?? []),
    iocs: JSON.stringify(alert.iocs ?? []),
    mitre_techniques: JSON.stringify(alert.mitre_techniques ?? []),
    raw_log: alert.raw_log ?? null,
    assigned_agent: alert.assigned_agent ?? null,
    case_id: alert.case_id ?? null,
    metadata: JSON.stringify(alert.metadata ?? {}),
    dedup_hash: dedupHash(alert),
  };
  assertFits(columns);
  return { id: newId(), ...columns, occurrences: 1, first_seen: now, last_seen: now, created_at: now, updated_at: now };
}

/** What a patch changes, as columns. @throws ApiError as `readAlert` for what does not depend on the alert. */
export function readPatch(input: unknown): Partial<AlertRow> {
  const { affected_assets, iocs, mitre_techniques, metadata, ...plain } = read<AlertPatch>(checkPatch, input);
  const lists = { affected_assets, iocs, mitre_techniques, metadata };
  const written = Object.entries(lists).filter(([, value]) => value !== undefined);
  return { ...plain, ...Object.fromEntries(written.map(([name, value]) => [name, JSON.stringify(value)])) };
}

/** @param input undefined where there is no body. @throws ApiError `bad_request` */
export const readAcknowledgement = (input: unknown): AcknowledgeInput =>
  input === undefined || input === null ? {} : read<AcknowledgeInput>(checkAcknowledge, input);

/** @throws ApiError `payload_too_large` */
export function assertFits({ raw_log: _, ...columns }: Partial<AlertRow>): void {
  // Lists are JSON already, whose quotes are escaped once more here: what is counted is never too little.
  const bytes = Buffer.byteLength(JSON.stringify(columns));
  if (bytes <= MAX_ALERT_BYTES) return;
  throw new ApiError(
    'payload_too_large',
    `The alert has ${bytes} bytes without its raw_log; it may have ${MAX_ALERT_BYTES}. Put what is long into raw_log.`,
    { details: { limit: MAX_ALERT_BYTES } },
  );
}

function read<Input>(check: Check, input: unknown): Input {
  const issues = check(input);
  if (issues.length === 0) issues.push(...withoutNul(input));
  if (issues.length > 0) throw badRequest(issues);
  return input as Input;
}

/** Within lists and objects it is stored escaped; a text of PostgreSQL cannot have it. */
const withoutNul = (input: unknown): FieldIssue[] =>
  Object.entries(Object(input))
    .filter(([, value]) => typeof value === 'string' && value.includes('\u0000'))
    .map(([field]) => ({ field, issue: 'has the character U+0000, which cannot be stored; leave it out' }));
