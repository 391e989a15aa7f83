import { beforeEach, expect, test } from 'vitest';
import { BadRequestError } from '../../src/index.ts';
import { describePlaces, failureOf } from './places.ts';

describePlaces('lists', (place) => {
  let made: string[];
  let addOne: () => Promise<string>;
  const kind = 'lister';

  beforeEach(async () => {
    const client = place.client();
    addOne = async () => {
      const payload = { pipeline: [] };
      const schedule = { schedule_kind: 'once', schedule_expr: '2099-01-01T00:00:00Z' } as const;
      return (await client.tasks.create({ title: kind, payload, ...schedule })).id;
    };
    made = [];
    for (let count = 0; count < 13; count += 1) made.push(await addOne());
    place.requests.clear();
  });

  test('goes through all items once, while items are added', async () => {
    const seen: string[] = [];
    for await (const { id } of place.client().tasks.list({ limit: 5 })) {
      seen.push(id);
      if (seen.length % 3 === 0) await addOne();
      if (seen.length === 13) break;
    }
    expect(seen).toEqual(made.toReversed());
    expect(place.requests.count('tasks.list')).toBe(3);
  });

  test('a page in between that fails is asked for again', async () => {
    place.faults.next({ operation: 'tasks.list', status: 503, skip: 1, times: 2 });
    const ids = (await place.client().tasks.list({ limit: 5 }).toArray(13)).map(({ id }) => id);
    expect(ids).toEqual(made.toReversed());
  });

  test('gives one page to whoever waits for one', async () => {
    const page = await place.client().tasks.list({ limit: 4 });
    expect(page).toMatchObject({ limit: 4, has_more: true, next_cursor: made.at(-4) });
    expect(page.items).toHaveLength(4);
    expect(place.requests.count('tasks.list')).toBe(1);
  });

  test('what cannot be asked for is said before it is sent', async () => {
    // @ts-expect-error: there is no such status
    const error = await failureOf(place.client().tasks.list({ status: 'lost' }));
    expect(error).toMatchObject({ kind: 'validation', of: 'request' });
    expect(place.requests.count('tasks.list')).toBe(0);
    const unchecked = place.client({ validation: { requests: 'off' } });
    // @ts-expect-error: the same, left to the server
    const refused = await failureOf(unchecked.tasks.list({ status: 'lost' }));
    expect(refused).toBeInstanceOf(BadRequestError);
    expect(refused).toMatchObject({ details: { field: 'status', errors: [{ field: 'status' }] } });
  });
});
