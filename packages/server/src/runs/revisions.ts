import type { BackoffStrategy, Payload } from '@ordinaut/contract';
import { LRUCache } from 'lru-cache';
import { type CompiledPipeline, compilePipeline } from '../pipeline/compile.ts';
import type { Store } from '../storage/store.ts';
import type { RevisionRow } from '../storage/tables.ts';

/** What a run executes, ready to be executed. */
export interface Revision {
  readonly params: Record<string, unknown>;
  readonly pipeline: CompiledPipeline;
  readonly maxRetries: number;
  readonly backoff: BackoffStrategy;
  /** In whose name its steps act; null: nobody's. */
  readonly author: string | null;
  /** What its steps may do; null: everything. */
  readonly scopes: readonly string[] | null;
}

interface Wanted {
  readonly taskId: string;
  readonly revision: number;
}

const LIMIT = 5000;
/** Revisions read by one query. */
const BATCH = 200;

/** Compiled revisions of tasks. A revision never changes, so it is read and compiled once for many runs. */
export class Revisions {
  readonly #store: Store;
  readonly #cache = new LRUCache<string, Revision>({ max: LIMIT });

  constructor(store: Store) {
    this.#store = store;
  }

  /** @throws RunFailure when an expression of it does not compile; Error when there is no such revision. */
  async get(wanted: Wanted): Promise<Revision> {
    const known = this.#cache.get(keyOf(wanted));
    if (known !== undefined) return known;
    const [row] = await this.#read([wanted]);
    if (row === undefined)
      throw new Error(`Revision ${wanted.revision} of task ${wanted.taskId} is not in the database.`);
    return this.#keep(row);
  }

  /** Reads what is not known yet of a batch, together: a thousand tasks that are due at once are not a thousand queries. */
  async prepare(batch: readonly Wanted[]): Promise<void> {
    const missing = new Map(batch.map((wanted) => [keyOf(wanted), wanted]));
    for (const key of missing.keys()) if (this.#cache.has(key)) missing.delete(key);
    const wanted = [...missing.values()];
    for (let begin = 0; begin < wanted.length; begin += BATCH) {
      for (const row of await this.#read(wanted.slice(begin, begin + BATCH))) {
        try {
          this.#keep(row);
        } catch {
          // It does not compile: `get` says so to the run that wants it.
        }
      }
    }
  }

  #read(wanted: readonly Wanted[]): Promise<RevisionRow[]> {
    return this.#store.db
      .selectFrom('task_revisions')
      .selectAll()
      .where(({ eb, or, and }) =>
        or(wanted.map(({ taskId, revision }) => and([eb('task_id', '=', taskId), eb('revision', '=', revision)]))),
      )
      .execute();
  }

  #keep(row: RevisionRow): Revision {
    const payload = JSON.parse(row.payload) as Payload;
    const revision: Revision = {
      params: payload.params ?? {},
      pipeline: compilePipeline(payload),
      maxRetries: row.max_retries,
      backoff: row.backoff_strategy,
      author: row.author,
      scopes: row.scopes === null ? null : (JSON.parse(row.scopes) as string[]),
    };
    this.#cache.set(keyOf({ taskId: row.task_id, revision: row.revision }), revision);
    return revision;
  }
}

const keyOf = ({ taskId, revision }: Wanted): string => `${taskId}:${revision}`;
