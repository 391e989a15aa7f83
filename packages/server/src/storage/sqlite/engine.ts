import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { type Commands, commands } from './commands.ts';
import type { QueryResult, Reply, Unit } from './protocol.ts';
import type { SqlValue } from './sql-value.ts';
import { StatementCache } from './statement-cache.ts';

/**
 * SQLite behind a queue of units, on the thread it is made on.
 *
 * Group commit: all commands and queries that have arrived are executed in one transaction, each inside a savepoint of its
 * own, and are answered together after the one commit that holds them. So a hundred callers wait for one `fsync`, and a
 * unit that fails takes back only itself. Reads outside a transaction use a second connection and never wait for a write.
 *
 * An interactive transaction (`begin` … `commit`) has the writer for itself; other writes wait until it ends.
 */
export class SqliteEngine {
  readonly #writer: DatabaseSync;
  readonly #reader: DatabaseSync;
  readonly #write: StatementCache;
  readonly #read: StatementCache;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #savepoint: StatementSync;
  readonly #release: StatementSync;
  #waiting: Unit[] = [];
  #openTx: number | null = null;

  constructor(file: string) {
    this.#writer = open(file, false);
    this.#reader = open(file, true);
    this.#write = new StatementCache(this.#writer);
    this.#read = new StatementCache(this.#reader);
    this.#begin = this.#writer.prepare('BEGIN IMMEDIATE');
    this.#commit = this.#writer.prepare('COMMIT');
    this.#savepoint = this.#writer.prepare('SAVEPOINT unit');
    this.#release = this.#writer.prepare('RELEASE unit');
  }

  /** Executes what can be executed now and answers it; what has to wait for an open transaction is kept. */
  execute(units: readonly Unit[]): Reply[] {
    const replies: Reply[] = [];
    let group: Unit[] = [];
    const flush = () => {
      if (group.length > 0) replies.push(...this.#executeGroup(group));
      group = [];
    };
    let pending = this.#waiting.length > 0 ? [...this.#waiting, ...units] : units;
    let held: Unit[] = [];
    for (let next = 0; next < pending.length; ) {
      const unit = pending[next++]!;
      if (unit.kind === 'query' && unit.tx === null && isRead(unit.sql)) {
        replies.push(this.#attempt(unit.id, () => runQuery(this.#read, unit.sql, unit.parameters)));
      } else if (this.#openTx !== null && !('tx' in unit && unit.tx === this.#openTx)) {
        held.push(unit);
      } else if (unit.kind === 'command' || unit.kind === 'batch' || (unit.kind === 'query' && unit.tx === null)) {
        group.push(unit);
      } else {
        flush();
        replies.push(this.#attempt(unit.id, () => this.#executeTransactional(unit)));
        if (this.#openTx === null && held.length > 0) {
          // What has waited goes before what came with the end of the transaction, which may be the next one's beginning.
          pending = [...held, ...pending.slice(next)];
          next = 0;
          held = [];
        }
      }
    }
    flush();
    this.#waiting = held;
    return replies;
  }

  close(): void {
    this.#reader.close();
    this.#writer.close();
  }

  #executeGroup(group: readonly Unit[]): Reply[] {
    const replies: Reply[] = [];
    try {
      this.#beginWriting();
      for (const unit of group) replies.push(this.#executeInSavepoint(unit, group.length > 1));
      this.#commit.run();
      return replies;
    } catch (error) {
      this.#giveUp();
      return group.map((unit) => failure(unit.id, error));
    }
  }

  #executeInSavepoint(unit: Unit, shared: boolean): Reply {
    if (!shared) return { id: unit.id, ok: true, value: this.#executeOne(unit) };
    this.#savepoint.run();
    try {
      const value = this.#executeOne(unit);
      this.#release.run();
      return { id: unit.id, ok: true, value };
    } catch (error) {
      // A full disk or an I/O error has ended the whole transaction: then there is nothing to go back to.
      if (!this.#writer.isTransaction) throw error;
      this.#writer.exec('ROLLBACK TO unit; RELEASE unit');
      return failure(unit.id, error);
    }
  }

  #executeOne(unit: Unit): unknown {
    if (unit.kind === 'command') return runCommand(unit.name, this.#write, unit.input);
    if (unit.kind === 'query') return runQuery(this.#write, unit.sql, unit.parameters);
    if (unit.kind === 'batch') return unit.queries.map(({ sql, parameters }) => runQuery(this.#write, sql, parameters));
    throw new Error(`A ${unit.kind} cannot be part of a group.`);
  }

  #executeTransactional(unit: Unit): unknown {
    switch (unit.kind) {
      case 'begin':
        this.#beginWriting();
        this.#openTx = unit.tx;
        return null;
      case 'commit':
        try {
          this.#commit.run();
        } catch (error) {
          this.#giveUp();
          throw error;
        } finally {
          this.#openTx = null;
        }
        return null;
      case 'rollback':
        this.#openTx = null;
        this.#rollBack();
        return null;
      default:
        return this.#executeOne(unit);
    }
  }

  #beginWriting(): void {
    // One that could not be rolled back when it failed would refuse every later one.
    this.#rollBack();
    this.#begin.run();
  }

  /** Rolls back after an error, which is the one to be told: a failed ROLLBACK follows from it, and is tried again later. */
  #giveUp(): void {
    try {
      this.#rollBack();
    } catch {
      // See #beginWriting.
    }
  }

  #rollBack(): void {
    if (this.#writer.isTransaction) this.#writer.exec('ROLLBACK');
  }

  #attempt(id: number, work: () => unknown): Reply {
    try {
      return { id, ok: true, value: work() };
    } catch (error) {
      return failure(id, error);
    }
  }
}

function open(file: string, readOnly: boolean): DatabaseSync {
  const db = new DatabaseSync(file, { readOnly, timeout: 5000, enableForeignKeyConstraints: true });
  if (!readOnly) db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864');
  db.exec('PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY');
  return db;
}

/** Whether a statement only reads; Kysely writes common table expressions in front of writes too. */
const isRead = (sql: string): boolean => /^\s*select\b/i.test(sql);

function runCommand<Name extends keyof Commands>(name: Name, statements: StatementCache, input: unknown): unknown {
  const command: (statements: StatementCache, input: never) => unknown = commands[name];
  return command(statements, input as never);
}

function runQuery(statements: StatementCache, sql: string, parameters: readonly SqlValue[]): QueryResult {
  const statement = statements.get(sql);
  if (statement.columns().length > 0) return { rows: statement.all(...parameters), changes: 0 };
  return { rows: [], changes: Number(statement.run(...parameters).changes) };
}

function failure(id: number, error: unknown): Reply {
  const errcode = error instanceof Error && 'errcode' in error ? Number(error.errcode) : null;
  return { id, ok: false, error: { message: error instanceof Error ? error.message : String(error), errcode } };
}
