import type { Health } from '@ordinaut/contract';
import { expect, test } from 'vitest';
import { command, privatePostgres } from '../test/support/postgres.ts';
import { type ServerProcess, spawnServer } from '../test/support/server-process.ts';
import type { TestPlace } from '../test/support/stores.ts';

const payload = { pipeline: [{ id: 'say', uses: 'core.echo', with: {} }] };

/** Asks until the answer is the wanted one; answers how long that took, in milliseconds. */
async function until(server: ServerProcess, path: string, status: number): Promise<number> {
  const begun = performance.now();
  for (;;) {
    const answer = await server.call('GET', path).catch(() => null);
    if (answer?.status === status) return performance.now() - begun;
    if (performance.now() - begun > 60_000) throw new Error(`${path} answered ${answer?.status} for a minute`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const postgres = await privatePostgres();

test.skipIf(postgres === null)('a restart of PostgreSQL ends nothing and loses nothing', async () => {
  const database = postgres!;
  const place: TestPlace = {
    kind: 'postgres',
    databaseUrl: database.url,
    directory: '/nonexistent',
    open: () => Promise.reject(new Error('not used')),
    remove: async () => {},
  };
  const server = await spawnServer(place);
  try {
    const ticking = await server.createTask({
      schedule_kind: 'cron',
      schedule_expr: '* * * * * *',
      misfire_policy: 'run_all',
      misfire_grace_seconds: 0,
      payload,
    });
    await server.runsOf(ticking.id, 1);

    await database.halt();
    const told = await until(server, '/health/ready', 503);
    expect(told).toBeLessThan(5000);
    const refused = await server.call<{ error: string; message: string }>('POST', '/tasks', {
      title: 'x',
      schedule_kind: 'cron',
      schedule_expr: '@daily',
      payload,
    });
    expect([refused.status, refused.body.error]).toEqual([503, 'unavailable']);
    expect(refused.headers.get('retry-after')).not.toBeNull();
    expect((await server.call<Health>('GET', '/health')).body.status).toBe('unhealthy');

    await database.resume();
    const back = await until(server, '/health/ready', 200);
    const before = (await server.runsOf(ticking.id, 1)).length;
    const runs = await server.runsOf(ticking.id, before + 3);
    const seconds = runs.map((run) => Date.parse(run.nominal_time!) / 1000).toSorted((a, b) => a - b);
    for (const [index, second] of seconds.slice(1).entries()) expect(second - seconds[index]!).toBe(1);
    process.stdout.write(
      `PostgreSQL restart: readiness false after ${Math.round(told)} ms, true again ${Math.round(back)} ms after it was back\n`,
    );

    // Connections that are cut under the server's hands.
    for (let n = 0; n < 5; n++) {
      await command(
        database.url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND application_name LIKE '%:%'",
      );
      const task = await server.createTask({ payload }).catch(() => server.createTask({ payload }));
      const runId = await server.runNow(task.id).catch(() => server.runNow(task.id));
      expect((await server.ended(runId)).status).toBe('succeeded');
    }
    expect(await server.end()).toBe(0);
  } finally {
    if (server.child.exitCode === null && server.child.signalCode === null) await server.kill();
    await database.stop();
  }
});
