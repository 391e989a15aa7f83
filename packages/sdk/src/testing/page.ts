import type { Page } from '@ordinaut/contract';
import { isUuid } from './new-id.ts';
import { badRequest } from './test-error.ts';

interface PageRequest {
  readonly limit?: number;
  readonly offset?: number;
  readonly skip?: number;
  readonly cursor?: string;
}

/** Counting stops here, as on the server. */
const COUNT_LIMIT = 1000;

/** A page of what matches, newest first. The cursor is the id of the last item of the page before. */
export function pageOf<Item extends { readonly id: string }>(matching: Iterable<Item>, query: PageRequest): Page<Item> {
  const { limit = 50, cursor = null } = query;
  const offset = query.offset ?? query.skip ?? 0;
  if (cursor !== null && !isUuid(cursor)) {
    throw badRequest([
      { field: 'cursor', issue: `is ${JSON.stringify(cursor)}; give the next_cursor of a page, as it is` },
    ]);
  }
  const all = [...matching].sort((a, b) => (a.id < b.id ? 1 : -1));
  const rows = (cursor === null ? all : all.filter(({ id }) => id < cursor)).slice(offset, offset + limit + 1);
  const items = rows.slice(0, limit);
  const has_more = rows.length > limit;
  const total = Math.min(all.length, COUNT_LIMIT);
  return { items, total, limit, offset, has_more, next_cursor: has_more ? items.at(-1)!.id : null };
}

/** Whether a filter that was not given, or that equals, lets something through. */
export const isAsked = <Value>(wanted: Value | undefined, value: Value): boolean =>
  wanted === undefined || wanted === value;
