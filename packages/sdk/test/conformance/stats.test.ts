import { expect, test } from 'vitest';
import { describePlaces, failureOf } from './places.ts';

describePlaces('statistics', (place) => {
  test('say how calls have fared', async () => {
    const client = place.client();
    for (let call = 0; call < 8; call += 1) await client.users.me();
    place.faults.next({ operation: 'tasks.list', status: 503, times: 1 });
    await client.tasks.list();
    place.faults.next({ operation: 'tasks.get', status: 404 });
    await failureOf(client.tasks.get('00000000-0000-7000-8000-000000000000'));
    // A place is given back when its socket is free.
    await expect.poll(() => client.stats().inFlight).toBe(0);
    const { operations, ...stats } = client.stats();
    // The login is a call, too.
    expect(stats).toMatchObject({ calls: 11, retries: 1, retryRatio: 1 / 11, logins: 1, inFlight: 0, queued: 0 });
    expect(stats.budget.capacity).toBe(10);
    expect(stats.budget.left).toBeGreaterThan(9);
    expect(operations['users.me']).toMatchObject({ calls: 8, errors: 0, retries: 0 });
    expect(operations['tasks.list']).toMatchObject({ calls: 1, errors: 0, retries: 1 });
    expect(operations['tasks.get']).toMatchObject({ calls: 1, errors: 1 });
    const { p50, p95, p99 } = operations['users.me']!;
    expect(p50).toBeGreaterThan(0);
    expect(p95).toBeGreaterThanOrEqual(p50!);
    expect(p99).toBeGreaterThanOrEqual(p95!);
  });

  test('polls of one thing share a request, and come behind the foreground', async () => {
    const client = place.client({ concurrency: 1 });
    await client.users.me();
    place.requests.clear();
    const polls = Array.from({ length: 5 }, () =>
      client.poll((options) => client.tasks.list({ limit: 1 }, options), { key: 'tasks', priority: 'low' }),
    );
    const calls = Array.from({ length: 3 }, () => client.users.me());
    await Promise.all([...polls, ...calls]);
    expect(place.requests.count('tasks.list')).toBe(1);
    expect(place.requests.entries.at(-1)?.operation).toBe('tasks.list');
  });
});
