import type { Answer } from '../call.ts';
import { UnexpectedAnswerError } from '../errors.ts';
import type { List } from '../list.ts';
import { lazyPromise } from './lazy-promise.ts';

/** Makes a list of what gets a page by its cursor; undefined: the first. */
export function listOf<Item, PageType extends { items: Item[] }>(
  get: (cursor: string | undefined) => Promise<Answer<PageType>>,
): List<Item, PageType> {
  let first: Promise<Answer<PageType>> | undefined;
  const page = async (cursor: string | undefined): Promise<Answer<PageType>> => {
    const answer = await get(cursor);
    // Whether the answers are checked or not: what has none cannot be gone through.
    if (Array.isArray(Object(answer.data).items)) return answer;
    const { requestId, attempts, response } = answer;
    throw new UnexpectedAnswerError('The server answers, but not with a list as Ordinaut does.', {
      status: response.status,
      requestId,
      attempts,
    });
  };
  const firstPage = (): Promise<Answer<PageType>> => {
    first ??= page(undefined);
    return first;
  };
  async function* pages(): AsyncGenerator<PageType> {
    let { data } = await firstPage();
    const seen = new Set<string>();
    for (;;) {
      yield data;
      const cursor: unknown = Reflect.get(data, 'next_cursor');
      if (typeof cursor !== 'string') return;
      if (seen.has(cursor)) throw new UnexpectedAnswerError(`The server gave the same cursor twice: "${cursor}".`);
      seen.add(cursor);
      ({ data } = await page(cursor));
    }
  }
  async function* items(): AsyncGenerator<Item> {
    for await (const page of pages()) yield* page.items;
  }
  const firstData = () => firstPage().then(({ data }) => data);
  return Object.assign(lazyPromise('List', firstData), {
    pages,
    [Symbol.asyncIterator]: items,
    withResponse: firstPage,
    async toArray(limit = Number.POSITIVE_INFINITY) {
      const all: Item[] = [];
      if (limit <= 0) return all;
      for await (const item of items()) {
        all.push(item);
        if (all.length >= limit) break;
      }
      return all;
    },
  });
}
