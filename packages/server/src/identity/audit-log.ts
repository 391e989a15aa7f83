import type { AuditEntry, AuditQuery, Page } from '@ordinaut/contract';
import { type Clock, toIso } from '../kernel/clock.ts';
import { messageOf } from '../kernel/errors.ts';
import { firstIdOf, newId } from '../kernel/ids.ts';
import type { Logger } from '../kernel/logger.ts';
import { inWindow, keysetPage } from '../storage/keyset-page.ts';
import type { Store } from '../storage/store.ts';
import type { AuditRow } from '../storage/tables.ts';
import type { Caller } from './caller.ts';

/** What was done, or tried. */
export interface AuditEvent {
  /** Id of the operation, or `ext.<id>.request`. */
  readonly action: string;
  readonly target: string | null;
  /** Names of the fields that were changed, without what they became; default: null, where that says nothing. */
  readonly fields?: readonly string[] | null;
  readonly caller: Caller;
  /** Who it was, where they were known only in the course of it: at a login. */
  readonly principal?: string | null;
  readonly status: number;
  /** Code of the error; null where all went well. */
  readonly error: string | null;
}

const TARGET_LENGTH = 200;
const CHUNK = 500;

/**
 * The record of every change: who, what, when, from where, and what came of it. Entries are stored before the answer goes out, so that
 * nothing that was acknowledged is missing; only a process that dies between a change and its answer leaves none.
 */
export class AuditLog {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #logger: Logger;

  constructor(deps: { store: Store; clock: Clock; logger: Logger }) {
    this.#store = deps.store;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
  }

  /** Stores an entry. What cannot be stored is logged instead: the change itself is made, and its answer must say so. */
  async record({
    action,
    target,
    fields = null,
    caller,
    principal = caller.principal,
    status,
    error,
  }: AuditEvent): Promise<void> {
    const row: AuditRow = {
      id: newId(),
      at: this.#clock.now(),
      action,
      target: target === null ? null : target.slice(0, TARGET_LENGTH),
      fields: fields === null ? null : JSON.stringify(fields),
      principal,
      via: caller.via,
      address: caller.address,
      request_id: caller.requestId,
      outcome: outcomeOf(status),
      status,
      error,
    };
    try {
      await this.#store.db.insertInto('audit_log').values(row).execute();
    } catch (failure) {
      this.#logger.error({ audit: row, reason: messageOf(failure) }, 'an entry of the audit log could not be stored');
    }
  }

  async list(query: AuditQuery): Promise<Page<AuditEntry>> {
    const { principal, action, outcome, since, until, after } = query;
    const rows = () => {
      let found = this.#store.db.selectFrom('audit_log');
      if (principal !== undefined) found = found.where('principal', '=', principal);
      if (action !== undefined) found = found.where('action', '=', action);
      if (outcome !== undefined) found = found.where('outcome', '=', outcome);
      if (since !== undefined) found = found.where('at', '>=', Date.parse(since));
      if (until !== undefined) found = found.where('at', '<', Date.parse(until));
      if (after !== undefined) found = found.where('id', '>', after);
      return found;
    };
    const page = await keysetPage(query, {
      db: this.#store.db,
      count: (limit) => rows().select('id').limit(limit),
      page: (window) => inWindow(rows().selectAll(), window),
    });
    return { ...page, items: page.items.map(toEntry) };
  }

  /** Deletes what is older than an instant, in small pieces. */
  async deleteBefore(before: number, stop: AbortSignal): Promise<void> {
    const { db } = this.#store;
    for (let deleted = CHUNK; deleted === CHUNK && !stop.aborted; ) {
      const oldest = db
        .selectFrom('audit_log')
        .select('id')
        .where('id', '<', firstIdOf(before))
        .orderBy('id')
        .limit(CHUNK);
      const { numDeletedRows } = await db.deleteFrom('audit_log').where('id', 'in', oldest).executeTakeFirstOrThrow();
      deleted = Number(numDeletedRows);
    }
  }
}

const toEntry = (row: AuditRow): AuditEntry => ({
  ...row,
  at: toIso(row.at),
  fields: row.fields === null ? null : (JSON.parse(row.fields) as string[]),
});

const outcomeOf = (status: number): AuditEntry['outcome'] =>
  status < 400 ? 'success' : status === 401 || status === 403 || status === 429 ? 'refused' : 'failed';
