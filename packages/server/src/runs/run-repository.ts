import { type LiveRunStatus, liveRunStatuses, type Page, type RunListQuery, type RunStatus } from '@ordinaut/contract';
import { type Kysely, sql } from 'kysely';
import { firstIdOf } from '../kernel/ids.ts';
import { keysetPage } from '../storage/keyset-page.ts';
import { dayOf } from '../storage/run-queue.ts';
import type { Store } from '../storage/store.ts';
import type { AnyRunRow, HistoryRow, Tables } from '../storage/tables.ts';
import type { RunRecord } from './run-resource.ts';

export interface Tally {
  succeeded: number;
  failed: number;
  canceled: number;
  durationMs: number;
  tasks: number;
  lastRunAt: number | null;
  lastSuccessAt: number | null;
  lastFailureAt: number | null;
}

/** The SQL of runs, live and finished. */
export class RunRepository {
  readonly #db: Kysely<Tables>;

  constructor(store: Store) {
    this.#db = store.db;
  }

  find(id: string): Promise<RunRecord | undefined> {
    return this.#records().where('all_runs.id', '=', id).executeTakeFirst();
  }

  latestOf(taskId: string): Promise<RunRecord | undefined> {
    return this.#records()
      .where('all_runs.task_id', '=', taskId)
      .orderBy('all_runs.id', 'desc')
      .limit(1)
      .executeTakeFirst();
  }

  async taskExists(taskId: string): Promise<boolean> {
    return (await this.#db.selectFrom('tasks').select('id').where('id', '=', taskId).executeTakeFirst()) !== undefined;
  }

  list(query: RunListQuery): Promise<Page<RunRecord>> {
    const rows = () => this.#filtered(query);
    return keysetPage(query, {
      db: this.#db,
      count: (limit) => rows().select('run.id').limit(limit),
      page: async ({ before, limit, offset }) => {
        let page = rows().select('run.id').orderBy('run.id', 'desc').limit(limit).offset(offset);
        if (before !== null) page = page.where('run.id', '<', before);
        return this.#records().where('all_runs.id', 'in', page).orderBy('all_runs.id', 'desc').execute();
      },
    });
  }

  history(id: string): Promise<HistoryRow | undefined> {
    return this.#db.selectFrom('run_history').selectAll().where('id', '=', id).executeTakeFirst();
  }

  /** The stored step records of a run, as JSON. */
  async steps(run: RunRecord): Promise<string> {
    if (run.finished_at !== null) return (await this.history(run.id))?.steps ?? '[]';
    const rows = await this.#db
      .selectFrom('run_checkpoints')
      .select('step')
      .where('run_id', '=', run.id)
      .orderBy('seq')
      .execute();
    return `[${rows.map((row) => row.step).join(',')}]`;
  }

  /** Sums the ended runs since a day, of one task or of all. */
  async tally(sinceMs: number, taskId: string | null): Promise<Tally> {
    let rows = this.#db
      .selectFrom('run_stats')
      .where('day', '>=', dayOf(sinceMs))
      .select(({ fn }) => [
        fn.sum<number | null>('succeeded').as('succeeded'),
        fn.sum<number | null>('failed').as('failed'),
        fn.sum<number | null>('canceled').as('canceled'),
        fn.sum<number | null>('duration_ms').as('durationMs'),
        fn.count<number>('task_id').distinct().as('tasks'),
        fn.max('last_run_at').as('lastRunAt'),
        fn.max('last_success_at').as('lastSuccessAt'),
        fn.max('last_failure_at').as('lastFailureAt'),
      ]);
    if (taskId !== null) rows = rows.where('task_id', '=', taskId);
    const sums = await rows.executeTakeFirstOrThrow();
    return {
      succeeded: Number(sums.succeeded ?? 0),
      failed: Number(sums.failed ?? 0),
      canceled: Number(sums.canceled ?? 0),
      durationMs: Number(sums.durationMs ?? 0),
      tasks: Number(sums.tasks),
      lastRunAt: sums.lastRunAt,
      lastSuccessAt: sums.lastSuccessAt,
      lastFailureAt: sums.lastFailureAt,
    };
  }

  /** Live runs by status, among the oldest so many. */
  async liveCounts(): Promise<Record<LiveRunStatus, number>> {
    const oldest = this.#db.selectFrom('runs').select('status').orderBy('id').limit(LIVE_LIMIT);
    const rows = await this.#db
      .selectFrom(oldest.as('live'))
      .select(['status', ({ fn }) => fn.countAll<number>().as('total')])
      .groupBy('status')
      .execute();
    const count = (status: LiveRunStatus) => Number(rows.find((row) => row.status === status)?.total ?? 0);
    return { queued: count('queued'), running: count('running'), waiting: count('waiting') };
  }

  #records() {
    return this.#db
      .selectFrom('all_runs')
      .leftJoin('leases', 'leases.id', 'all_runs.lease_id')
      .selectAll('all_runs')
      .select('leases.expires_at as leased_until');
  }

  #filtered({ task_id, status, success, start_time, end_time }: RunListQuery) {
    const wanted = status ?? (success === true ? 'succeeded' : undefined);
    const source = sql<AnyRunRow>`${sql.table(tableOf(wanted, success))}`.as('run');
    let rows = this.#db.selectFrom(source);
    if (task_id !== undefined) rows = rows.where('run.task_id', '=', task_id);
    if (wanted !== undefined) rows = rows.where('run.status', '=', wanted);
    // As it stands in the condition of the partial indexes: only so are they recognised.
    if (success === false || isUnsuccessful(wanted)) rows = rows.where(sql<boolean>`run.status <> 'succeeded'`);
    if (start_time !== undefined) {
      const since = Date.parse(start_time);
      rows = rows.where('run.created_at', '>=', since).where('run.id', '>=', firstIdOf(since - CLOCK_SLACK_MS));
    }
    if (end_time !== undefined) {
      const until = Date.parse(end_time);
      rows = rows.where('run.created_at', '<', until).where('run.id', '<', firstIdOf(until + CLOCK_SLACK_MS));
    }
    return rows;
  }
}

/** The smallest table that has every run of a status. */
function tableOf(status: RunStatus | undefined, success: boolean | undefined): 'runs' | 'run_history' | 'all_runs' {
  if (status === undefined) return success === undefined ? 'all_runs' : 'run_history';
  return liveRunStatuses.some((live) => live === status) ? 'runs' : 'run_history';
}

const LIVE_LIMIT = 10_000;

/** Ids rise with the time of creation, so they bound it; the clocks of two processes may differ by so much. */
const CLOCK_SLACK_MS = 3_600_000;

const isUnsuccessful = (status: RunStatus | undefined): boolean => status === 'failed' || status === 'canceled';
