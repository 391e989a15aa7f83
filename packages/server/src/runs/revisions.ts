import type { BackoffStrategy, Payload } from '@ordinaut/contract';
import { type CompiledPipeline, compilePipeline } from '../pipeline/compile.ts';
import type { Store } from '../storage/store.ts';

/** What a run executes, ready to be executed. */
export interface Revision {
  readonly params: Record<string, unknown>;
  readonly pipeline: CompiledPipeline;
  readonly stepIds: readonly string[];
  readonly maxRetries: number;
  readonly backoff: BackoffStrategy;
}

const LIMIT = 2000;

/** Compiled revisions of tasks. A revision never changes, so it is read and compiled once for many runs. */
export class Revisions {
  readonly #store: Store;
  readonly #cache = new Map<string, Promise<Revision>>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** @throws RunFailure when an expression of it does not compile; Error when there is no such revision. */
  get(taskId: string, revision: number): Promise<Revision> {
    const key = `${taskId}:${revision}`;
    let found = this.#cache.get(key);
    if (found === undefined) {
      found = this.#load(taskId, revision);
      found.catch(() => this.#cache.delete(key));
      if (this.#cache.size >= LIMIT) this.#cache.delete(this.#cache.keys().next().value!);
      this.#cache.set(key, found);
    }
    return found;
  }

  async #load(taskId: string, revision: number): Promise<Revision> {
    const row = await this.#store.db
      .selectFrom('task_revisions')
      .selectAll()
      .where('task_id', '=', taskId)
      .where('revision', '=', revision)
      .executeTakeFirst();
    if (row === undefined) throw new Error(`Revision ${revision} of task ${taskId} is not in the database.`);
    const payload = JSON.parse(row.payload) as Payload;
    return {
      params: payload.params ?? {},
      pipeline: compilePipeline(payload),
      stepIds: payload.pipeline.map((step) => step.id),
      maxRetries: row.max_retries,
      backoff: row.backoff_strategy,
    };
  }
}
