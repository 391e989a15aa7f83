/** What SQLite stores. */
export type SqlValue = null | number | bigint | string | Uint8Array;
