import type { DatabaseSync, StatementSync } from 'node:sqlite';

const LIMIT = 500;

/** Prepared statements by their text; the oldest go when there are too many. */
export class StatementCache {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  get(sql: string): StatementSync {
    return this.#statements.get(sql) ?? this.#prepare(sql, false);
  }

  /** The statement, giving its rows as lists. A text is asked for in one of the two ways only. */
  lists(sql: string): StatementSync {
    return this.#statements.get(sql) ?? this.#prepare(sql, true);
  }

  #prepare(sql: string, asLists: boolean): StatementSync {
    const statement = this.#db.prepare(sql);
    if (asLists) statement.setReturnArrays(true);
    if (this.#statements.size >= LIMIT) this.#statements.delete(this.#statements.keys().next().value!);
    this.#statements.set(sql, statement);
    return statement;
  }
}
