import { expect, test } from 'vitest';
import { OrdinautClient, UnexpectedAnswerError } from '../src/index.ts';
import { startProbe } from './support/probe-server.ts';
import { thrownBy } from './support/thrown-by.ts';

const off = { validation: { responses: 'off' } } as const;

/** Seven users in pages as large as asked for; cursors are places. */
const users = (limit: number, cursor: string | null) => {
  const begin = Number(cursor ?? 0);
  const items = Array.from({ length: 7 }, (_, index) => ({ username: `user-${index}` })).slice(begin, begin + limit);
  const more = begin + limit < 7;
  return { items, total: 7, limit, offset: 0, has_more: more, next_cursor: more ? String(begin + limit) : null };
};
const startList = () =>
  startProbe((probe) => {
    const query = new URL(probe.path, 'http://x').searchParams;
    probe.json(200, users(Number(query.get('limit') ?? 3), query.get('cursor')));
  });

test('for await goes through all items, page after page', async () => {
  await using server = await startList();
  const client = new OrdinautClient({ baseUrl: server.url, ...off });
  const names: string[] = [];
  for await (const { username } of client.users.list({ limit: 3, role: 'viewer', offset: 0 })) names.push(username);
  expect(names).toEqual(Array.from({ length: 7 }, (_, index) => `user-${index}`));
  expect(server.requests.map(({ path }) => path)).toEqual([
    '/users?limit=3&role=viewer&offset=0',
    '/users?limit=3&role=viewer&cursor=3',
    '/users?limit=3&role=viewer&cursor=6',
  ]);
});

test('leaving the loop asks for no further page, and a list that is not used asks for none', async () => {
  await using server = await startList();
  const client = new OrdinautClient({ baseUrl: server.url, ...off });
  client.users.list();
  for await (const user of client.users.list({ limit: 3 })) if (user.username === 'user-1') break;
  expect(server.requests).toHaveLength(1);
});

test('await gives the first page, and what was got is not asked for again', async () => {
  await using server = await startList();
  const client = new OrdinautClient({ baseUrl: server.url, ...off });
  const list = client.users.list({ limit: 5 });
  expect((await list).items).toHaveLength(5);
  expect(await list.toArray()).toHaveLength(7);
  expect(server.requests).toHaveLength(2);
  expect((await list.withResponse()).response.status).toBe(200);
});

test('an array can be limited, and takes no more pages than it needs', async () => {
  await using server = await startList();
  const client = new OrdinautClient({ baseUrl: server.url, ...off });
  expect(await client.users.list({ limit: 3 }).toArray(4)).toHaveLength(4);
  expect(server.requests).toHaveLength(2);
  expect(await client.users.list().toArray(0)).toEqual([]);
});

test('a server that leads in a circle is found out', async () => {
  await using server = await startProbe((probe) => probe.json(200, { ...users(3, '0'), next_cursor: 'again' }));
  const client = new OrdinautClient({ baseUrl: server.url, ...off });
  expect(await thrownBy(client.users.list().toArray())).toBeInstanceOf(UnexpectedAnswerError);
  expect(server.requests).toHaveLength(2);
});

test('lists without pages are gone through the same way', async () => {
  await using server = await startProbe((probe) =>
    probe.json(200, { items: [{ topic: 'a' }, { topic: 'b' }], total: 2 }),
  );
  const client = new OrdinautClient({ baseUrl: server.url, ...off });
  expect((await client.events.topics().toArray()).map(({ topic }) => topic)).toEqual(['a', 'b']);
});

test('errors of a list come where it is used', async () => {
  await using server = await startProbe((probe) => probe.fail(403, 'forbidden'));
  const client = new OrdinautClient({ baseUrl: server.url });
  await expect(client.users.list().toArray()).rejects.toThrow('It is forbidden.');
  await expect(client.users.list()).rejects.toThrow('It is forbidden.');
  expect(await client.users.list().catch(() => null)).toBeNull();
});

test('an answer without items is no list, also where answers are not checked', async () => {
  await using server = await startProbe((probe) => probe.json(200, { hello: 'world' }));
  const client = new OrdinautClient({ baseUrl: server.url, validation: { responses: 'off' } });
  await expect(client.tasks.list()).rejects.toMatchObject({ kind: 'unexpected_answer', status: 200, requestId: 'r-1' });
  await expect(client.tasks.list().toArray()).rejects.toMatchObject({ kind: 'unexpected_answer' });
});
