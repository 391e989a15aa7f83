import type { Compilable, Kysely } from 'kysely';
import type { Service } from '../kernel/service.ts';
import type { TaskClock } from './due-tasks.ts';
import type { EventLog } from './event-log.ts';
import type { RunQueue } from './run-queue.ts';
import type { Signals } from './signals.ts';
import type { Tables } from './tables.ts';

export type StoreKind = 'sqlite' | 'postgres';

/** Durable storage: one contract, two dialects. A promise that resolves means the write is on the disk. */
export interface Store extends Service {
  readonly kind: StoreKind;
  /** Typed SQL for everything that is not hot. */
  readonly db: Kysely<Tables>;
  /**
   * Executes statements, all or none, in their order. It shares a commit with what others write at the same moment, which a
   * transaction of `db` cannot.
   *
   * @returns the rows that each has given.
   */
  atomically(statements: readonly Compilable[]): Promise<Record<string, unknown>[][]>;
  readonly queue: RunQueue;
  readonly dueTasks: TaskClock;
  readonly events: EventLog;
  /** Tells of work that another call, or another process, has stored. */
  readonly signals: Signals;
  /** Resolves when the store can be read and written now. */
  probe(): Promise<void>;
}
