import { Worker } from 'node:worker_threads';
import { dependencyAway, messageOf } from '../../kernel/errors.ts';
import type { Commands } from './commands.ts';
import { type EngineError, primaryCode, type Query, type QueryResult, type Reply, type Unit } from './protocol.ts';
import type { SqlValue } from './sql-value.ts';

/** An error of SQLite that is no outage: a constraint, a bad statement. */
export class SqliteError extends Error {
  readonly errcode: number | null;
  constructor(error: EngineError) {
    super(error.message);
    this.name = 'SqliteError';
    this.errcode = error.errcode;
  }
}

const RESTART_MS = 200;

type UnitBody = Unit extends infer Each ? (Each extends Unit ? Omit<Each, 'id'> : never) : never;

/** The main thread's end of the storage thread. Everything asked in one turn of the event loop goes over in one message. */
export class SqliteThread {
  readonly #file: string;
  readonly #calls = new Map<number, { resolve(value: never): void; reject(error: unknown): void }>();
  #worker: Worker | null = null;
  #outbox: Unit[] = [];
  #nextId = 1;
  #nextTx = 1;
  #restart: NodeJS.Timeout | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  /** Starts the thread and opens the database. */
  async start(): Promise<void> {
    const url = new URL(import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.js', import.meta.url);
    const worker = new Worker(url, { workerData: { file: this.#file } });
    this.#worker = worker;
    worker.on('message', (replies: Reply[]) => this.#settle(replies));
    worker.on('error', (error) => this.#fail(error instanceof Error ? error : new Error(String(error))));
    worker.on('exit', () => this.#fail(new Error('The storage thread has ended.')));
    await this.query('SELECT 1', []);
  }

  async stop(): Promise<void> {
    clearTimeout(this.#restart);
    const worker = this.#worker;
    if (worker === null) return;
    await this.#ask({ kind: 'close' });
    this.#worker = null;
    await worker.terminate();
  }

  command<Name extends keyof Commands>(
    name: Name,
    input: Parameters<Commands[Name]>[1],
  ): Promise<ReturnType<Commands[Name]>> {
    return this.#ask({ kind: 'command', name, input });
  }

  query(sql: string, parameters: readonly SqlValue[], tx: number | null = null): Promise<QueryResult> {
    return this.#ask({ kind: 'query', sql, parameters, tx });
  }

  /** Several statements, all or none. */
  batch(queries: readonly Query[]): Promise<QueryResult[]> {
    return this.#ask({ kind: 'batch', queries });
  }

  async begin(): Promise<number> {
    const tx = this.#nextTx++;
    await this.#ask({ kind: 'begin', tx });
    return tx;
  }

  commit(tx: number): Promise<void> {
    return this.#ask({ kind: 'commit', tx });
  }

  rollback(tx: number): Promise<void> {
    return this.#ask({ kind: 'rollback', tx });
  }

  #ask<Answer>(body: UnitBody): Promise<Answer> {
    if (this.#worker === null) return Promise.reject(dependencyAway('database', 'The database is closed.'));
    const id = this.#nextId++;
    if (this.#outbox.length === 0) queueMicrotask(() => this.#send());
    this.#outbox.push({ ...body, id } as Unit);
    return new Promise<Answer>((resolve, reject) => this.#calls.set(id, { resolve, reject }));
  }

  #send(): void {
    this.#worker?.postMessage(this.#outbox);
    this.#outbox = [];
  }

  #settle(replies: readonly Reply[]): void {
    for (const reply of replies) {
      const call = this.#calls.get(reply.id);
      this.#calls.delete(reply.id);
      if (reply.ok) call?.resolve(reply.value as never);
      else call?.reject(toError(reply.error));
    }
  }

  /** The thread has died, which nothing should make it do: what it was asked fails, and another one takes its place. */
  #fail(error: Error): void {
    if (this.#worker === null) return;
    this.#worker = null;
    for (const call of this.#calls.values())
      call.reject(dependencyAway('database', `The storage thread failed: ${messageOf(error)}`, error));
    this.#calls.clear();
    this.#outbox = [];
    this.#restart = setTimeout(() => this.start().catch(() => {}), RESTART_MS);
  }
}

/** Source of the codes: https://www.sqlite.org/rescode.html */
function toError(error: EngineError): Error {
  const cause = new SqliteError(error);
  switch (primaryCode(error.errcode)) {
    case 13:
      return dependencyAway(
        'database',
        'The disk is full: nothing of this was stored. Free some space; the server goes on by itself.',
        cause,
      );
    case 5:
    case 6:
      return dependencyAway('database', 'The database is locked by another program. Close it, and try again.', cause);
    case 8:
      return dependencyAway(
        'database',
        'The database cannot be written: check the permissions of the data directory.',
        cause,
      );
    case 10:
    case 14:
      return dependencyAway('database', `The disk failed (${error.message}). The server tries again by itself.`, cause);
    default:
      return cause;
  }
}
