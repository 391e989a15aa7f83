import type { Page, PageQuery } from '@ordinaut/contract';
import { type Compilable, type Kysely, type SelectQueryBuilder, sql } from 'kysely';
import { badRequest } from '../kernel/errors.ts';
import { isUuid } from '../kernel/ids.ts';
import type { Tables } from './tables.ts';

/** Counting stops here: past it a total is no help to anybody, and would cost more than the page. */
export const COUNT_LIMIT = 1000;

export interface PageWindow {
  /** Only rows with a smaller id; null: from the newest. */
  readonly before: string | null;
  readonly limit: number;
  readonly offset: number;
}

/**
 * A page of rows that are listed by falling id. The cursor is the id of the last row of the page before, so that a page
 * costs the same wherever it lies and rows that arrive meanwhile shift nothing.
 *
 * @throws ApiError `bad_request` for a cursor that is none.
 */
export async function keysetPage<Row extends { id: string }>(
  query: PageQuery,
  source: {
    db: Kysely<Tables>;
    /** The matching rows, at most `limit`, to be counted. */
    count(limit: number): Compilable<unknown>;
    /** The rows of the window, newest first. */
    page(window: PageWindow): Promise<Row[]>;
  },
): Promise<Page<Row>> {
  const { limit = 50, cursor = null } = query;
  const offset = query.offset ?? query.skip ?? 0;
  if (cursor !== null && !isUuid(cursor)) {
    throw badRequest([
      { field: 'cursor', issue: `is ${JSON.stringify(cursor)}; give the next_cursor of a page, as it is` },
    ]);
  }
  const [rows, total] = await Promise.all([
    source.page({ before: cursor, limit: limit + 1, offset }),
    countOf(source.db, source.count(COUNT_LIMIT)),
  ]);
  const items = rows.slice(0, limit);
  const has_more = rows.length > limit;
  return { items, total, limit, offset, has_more, next_cursor: has_more ? items.at(-1)!.id : null };
}

/**
 * The rows of a window, newest first.
 *
 * @param id name of the column, with its table where there are several.
 */
export function inWindow<Table extends keyof Tables, Row>(
  rows: SelectQueryBuilder<Tables, Table, Row>,
  { before, limit, offset }: PageWindow,
  id = 'id',
): Promise<Row[]> {
  const page = rows.orderBy(sql.ref(id), 'desc').limit(limit).offset(offset);
  return (before === null ? page : page.where(sql.ref<string>(id), '<', before)).execute();
}

async function countOf(db: Kysely<Tables>, rows: Compilable<unknown>): Promise<number> {
  const compiled = rows.compile();
  const { rows: counted } = await db.executeQuery<{ total: number }>({
    ...compiled,
    sql: `select count(*) as total from (${compiled.sql}) as matching`,
  });
  return Number(counted[0]?.total ?? 0);
}
