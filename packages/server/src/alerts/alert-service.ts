import {
  type Alert,
  type AlertBulkInput,
  type AlertBulkResult,
  type AlertListQuery,
  type AlertStatus,
  alertStatusesAfter,
  isClosedAlert,
  MAX_BULK_ALERTS,
  mayAlertBecome,
  type Page,
  type SubmittedAlert,
} from '@ordinaut/contract';
import Type from 'typebox';
import { Collector } from '../events/collector.ts';
import type { Clock } from '../kernel/clock.ts';
import { ApiError, badRequest, conflict, notFound } from '../kernel/errors.ts';
import { lazyCheck } from '../kernel/schema.ts';
import type { Store } from '../storage/store.ts';
import type { AlertRow } from '../storage/tables.ts';
import { alertEvent } from './alert-event.ts';
import { assertFits, readAcknowledgement, readAlert, readPatch } from './alert-input.ts';
import { AlertRepository, type NewAlert, type StoredAlert } from './alert-repository.ts';
import { toAlert } from './alert-resource.ts';

/** What becomes of a submission. */
export type AlertOutcome = AlertBulkResult['results'][number]['outcome'];

// The alerts themselves are looked at one by one: each has its own outcome.
const checkBulk = lazyCheck(
  Type.Object(
    { alerts: Type.Array(Type.Unknown(), { minItems: 1, maxItems: MAX_BULK_ALERTS }) },
    { additionalProperties: false },
  ),
);

/** Alerts, and what can be done with them. */
export class AlertService {
  readonly #alerts: AlertRepository;
  readonly #clock: Clock;
  readonly #count: (outcome: AlertOutcome) => void;
  readonly #submitting: Collector<NewAlert, StoredAlert>;

  /** @param deps.onSubmitted hears what has become of each submission. */
  constructor(deps: { store: Store; clock: Clock; onSubmitted(outcome: AlertOutcome): void }) {
    this.#alerts = new AlertRepository(deps.store);
    this.#clock = deps.clock;
    this.#count = deps.onSubmitted;
    this.#submitting = new Collector({ send: (alerts) => this.#alerts.submit(alerts) });
  }

  /**
   * Submits an alert. One with the same hash that is open already gets one more occurrence instead.
   *
   * @param from.key the same for every repetition of this submission, which then counts once; default: none. @param from.chain runs
   *   started by events that led to it; default 0.
   * @throws ApiError `bad_request` with every field that is wrong, `payload_too_large`.
   */
  async submit(input: unknown, from: { key?: string; chain?: number } = {}): Promise<SubmittedAlert> {
    const { alert, created, repeated } = await this.#store(input, from);
    if (!repeated) this.#count(created ? 'created' : 'deduplicated');
    return { ...toAlert(alert), deduplicated: !created };
  }

  /**
   * Submits up to 500 alerts in one transaction; those that are not valid are rejected, the others are stored.
   *
   * @throws ApiError `bad_request` where it is no list of 1 to 500.
   */
  async submitAll(input: unknown): Promise<AlertBulkResult> {
    const issues = checkBulk(input);
    if (issues.length > 0) throw badRequest(issues);
    const now = this.#clock.now();
    const read = (input as AlertBulkInput).alerts.map((each) => readOrRefusal(each, now));
    const valid = read.filter((each) => !(each instanceof ApiError));
    const stored = valid.length === 0 ? [] : await this.#alerts.submit(valid.map((row) => ({ row, chain: 0 })));
    const counts = { created: 0, deduplicated: 0, rejected: 0 };
    const results = read.map((each): AlertBulkResult['results'][number] => {
      const result = each instanceof ApiError ? rejected(each) : accepted(stored.shift()!, read.length);
      counts[result.outcome] += 1;
      this.#count(result.outcome);
      return result;
    });
    return { results, ...counts };
  }

  async get(id: string): Promise<Alert> {
    const alert = await this.#alerts.find(id);
    if (alert === undefined) throw notFound('alert', id);
    return toAlert(alert);
  }

  async list(query: AlertListQuery): Promise<Page<Alert>> {
    const page = await this.#alerts.list(query);
    return { ...page, items: page.items.map(toAlert) };
  }

  /**
   * Changes the given fields; what is there already is no change, and tells nobody.
   *
   * @throws ApiError `bad_request`, `not_found`, `payload_too_large`; `conflict` for a status that does not come after the present one, and
   *   for one that is opened again while another one with the same hash is open.
   */
  update(id: string, patch: unknown): Promise<Alert> {
    const fields = readPatch(patch);
    return this.#change(id, (alert, openOne) => {
      const { status = alert.status } = fields;
      assertMayBecome(alert, status);
      if (isClosedAlert(alert.status) && !isClosedAlert(status)) assertOnlyOne(alert, openOne);
      const names = Object.keys(fields) as (keyof AlertRow)[];
      if (names.every((name) => fields[name] === alert[name])) return null;
      assertFits({ ...alert, ...fields });
      return fields;
    });
  }

  /**
   * Takes an alert: a new one becomes triaged and is assigned; one that is open further on is left as it is.
   *
   * @param input `{assigned_agent}`; undefined: nothing. @param principal the caller, who is assigned where the input names nobody.
   * @throws ApiError `bad_request`, `not_found`, `conflict` for one that is closed.
   */
  acknowledge(id: string, input: unknown, principal: string | null): Promise<Alert> {
    const { assigned_agent = principal } = readAcknowledgement(input);
    return this.#change(id, (alert) => {
      if (isClosedAlert(alert.status)) {
        throw conflict(`Alert ${id} is ${alert.status}; set its status to investigating to open it again.`, {
          status: alert.status,
          allowed: [...alertStatusesAfter(alert.status)],
        });
      }
      if (alert.status !== 'new') return null;
      return { status: 'triaged', assigned_agent: assigned_agent ?? alert.assigned_agent };
    });
  }

  async #store(input: unknown, { key, chain = 0 }: { key?: string; chain?: number }): Promise<StoredAlert> {
    const row = this.#read(input);
    if (key !== undefined) return this.#alerts.submitOnce(key, { row, chain });
    return this.#submitting.add({ row, chain }, JSON.stringify(row).length);
  }

  #read(input: unknown): AlertRow {
    try {
      return readAlert(input, this.#clock.now());
    } catch (error) {
      this.#count('rejected');
      throw error;
    }
  }

  async #change(id: string, change: Parameters<AlertRepository['change']>[1]): Promise<Alert> {
    const now = this.#clock.now();
    const changed = await this.#alerts.change(id, (alert, openOne) => {
      const fields = change(alert, openOne);
      return fields === null ? null : { ...fields, updated_at: Math.max(now, alert.updated_at) };
    });
    if (changed === undefined) throw notFound('alert', id);
    return toAlert(changed);
  }
}

function assertMayBecome({ id, status }: AlertRow, wanted: AlertStatus): void {
  if (mayAlertBecome(status, wanted)) return;
  const allowed = alertStatusesAfter(status);
  throw conflict(`Alert ${id} is ${status} and cannot become ${wanted}; allowed: ${allowed.join(', ')}.`, {
    status,
    wanted,
    allowed: [...allowed],
  });
}

function assertOnlyOne({ id }: AlertRow, openOne: AlertRow | undefined): void {
  if (openOne === undefined || openOne.id === id) return;
  throw conflict(`Alert ${id} cannot be opened again: the same is open as ${openOne.id}. Go on with that one.`, {
    open_alert_id: openOne.id,
    dedup_hash: openOne.dedup_hash,
  });
}

function readOrRefusal(input: unknown, now: number): AlertRow | ApiError {
  try {
    return readAlert(input, now);
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
}

const accepted = ({ alert, created }: StoredAlert, together: number) => ({
  outcome: created ? ('created' as const) : ('deduplicated' as const),
  // As events tell it: 500 occurrences of one with a long log would be an answer of half a gigabyte.
  alert: JSON.parse(alertEvent(alert, together)) as Alert,
});

const rejected = ({ code, message, details }: ApiError) => ({
  outcome: 'rejected' as const,
  error: { error: code, message, details },
});
