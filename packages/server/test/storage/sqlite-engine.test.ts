import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SqliteEngine } from '../../src/storage/sqlite/engine.ts';
import type { Unit } from '../../src/storage/sqlite/protocol.ts';

let directory: string;
let engine: SqliteEngine;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ordinaut-engine-'));
  const file = join(directory, 'test.db');
  engine = new SqliteEngine(file);
  engine.execute([write(0, 'CREATE TABLE notes (text TEXT NOT NULL)')]);
});

afterEach(() => {
  vi.restoreAllMocks();
  engine.close();
  rmSync(directory, { recursive: true, force: true });
});

const write = (id: number, sql: string, tx: number | null = null): Unit => ({
  id,
  kind: 'query',
  sql,
  parameters: [],
  tx,
});
const note = (id: number, text: string, tx: number | null = null) =>
  write(id, `INSERT INTO notes VALUES ('${text}')`, tx);
const notes = () => {
  const [reply] = engine.execute([write(99, 'SELECT text FROM notes ORDER BY rowid')]);
  return reply;
};
const answered = (units: readonly Unit[]) => engine.execute(units).map(({ id, ok }) => [id, ok]);

test('what waits for a transaction goes before the next transaction, also when that comes with the end of the first', () => {
  expect(answered([{ id: 1, kind: 'begin', tx: 1 }])).toEqual([[1, true]]);
  expect(answered([note(2, 'waiting')])).toEqual([]);
  expect(
    answered([
      { id: 3, kind: 'commit', tx: 1 },
      { id: 4, kind: 'begin', tx: 2 },
    ]),
  ).toEqual([
    [3, true],
    [2, true],
    [4, true],
  ]);
  expect(answered([note(5, 'inside', 2), { id: 6, kind: 'rollback', tx: 2 }])).toEqual([
    [5, true],
    [6, true],
  ]);
  expect(notes()).toMatchObject({ value: { rows: [{ text: 'waiting' }] } });
});

test('transactions in one message take turns with the writes between them', () => {
  expect(
    answered([
      { id: 1, kind: 'begin', tx: 1 },
      { id: 2, kind: 'begin', tx: 2 },
      note(3, 'third'),
      note(4, 'first', 1),
      { id: 5, kind: 'commit', tx: 1 },
      note(6, 'second', 2),
      { id: 7, kind: 'commit', tx: 2 },
    ]).map(([id]) => id),
  ).toEqual([1, 4, 5, 2, 6, 7, 3]);
});

test('a rollback that fails ends neither the engine nor what comes later', () => {
  const exec = DatabaseSync.prototype.exec;
  let failures = 0;
  vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (this: DatabaseSync, sql) {
    if (sql === 'ROLLBACK' && failures++ === 0) throw new Error('disk I/O error');
    return exec.call(this, sql);
  });
  const [reply] = engine.execute([write(1, 'INSERT INTO notes VALUES (NULL)')]);
  expect(reply).toMatchObject({ id: 1, ok: false, error: { message: 'NOT NULL constraint failed: notes.text' } });
  expect(failures).toBe(1);
  expect(answered([{ id: 2, kind: 'begin', tx: 1 }, note(3, 'after', 1), { id: 4, kind: 'commit', tx: 1 }])).toEqual([
    [2, true],
    [3, true],
    [4, true],
  ]);
  expect(notes()).toMatchObject({ value: { rows: [{ text: 'after' }] } });
});
