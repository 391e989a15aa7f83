import type { Commands } from './commands.ts';
import type { SqlValue } from './sql-value.ts';

export interface QueryResult {
  rows: Record<string, unknown>[];
  changes: number;
}

export interface Query {
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
}

/** One piece of work for the storage thread. Pieces that arrive together are committed together. */
export type Unit = { readonly id: number } & (
  | { readonly kind: 'command'; readonly name: keyof Commands; readonly input: unknown }
  | {
      readonly kind: 'query';
      readonly sql: string;
      readonly parameters: readonly SqlValue[];
      readonly tx: number | null;
    }
  | { readonly kind: 'batch'; readonly queries: readonly Query[] }
  | { readonly kind: 'begin' | 'commit' | 'rollback'; readonly tx: number }
  | { readonly kind: 'close' }
);

export type Reply =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly error: EngineError };

/** An error as it crosses the thread border. */
export interface EngineError {
  readonly message: string;
  /** SQLite's extended result code, where there is one. */
  readonly errcode: number | null;
}

/** The result code without its extension. Source: https://www.sqlite.org/rescode.html */
export const primaryCode = (errcode: number | null): number | null => (errcode === null ? null : errcode & 0xff);
