import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listen } from '../support/server.ts';
import { type ServerProcess, spawnServer } from '../support/server-process.ts';
import { describeStores, newPlace, type TestPlace } from '../support/stores.ts';

/** A server that keeps what it is asked, and answers `/slow` only when told to. */
async function listenToSteps() {
  const heard: { path: string; key: string }[] = [];
  const held: ServerResponse[] = [];
  let asked = Promise.withResolvers<void>();
  let holding = true;
  const peer = await listen((request: IncomingMessage, response) => {
    heard.push({ path: request.url!, key: String(request.headers['idempotency-key']) });
    if (request.url !== '/slow' || !holding) return response.end('"ok"');
    held.push(response);
    asked.resolve();
  });
  return {
    ...peer,
    heard,
    slowAsked: () => asked.promise,
    answerFromNowOn() {
      holding = false;
      asked = Promise.withResolvers<void>();
    },
  };
}

describeStores('crash', (kind) => {
  let place: TestPlace;
  const processes: ServerProcess[] = [];

  beforeEach(async () => {
    place = await newPlace(kind);
  });

  afterEach(async () => {
    for (const each of processes.splice(0))
      if (each.child.exitCode === null && each.child.signalCode === null) await each.kill();
    await place.remove();
  });

  const start = async (extra: Record<string, string> = {}) => {
    const server = await spawnServer(place, extra);
    processes.push(server);
    return server;
  };

  test('a run goes on at the step that was under way when the process was killed', { timeout: 120_000 }, async () => {
    const peer = await listenToSteps();
    const step = (name: string) => ({
      id: name,
      uses: 'http.request',
      with: { method: 'POST', url: `${peer.url}/${name}` },
      timeout_seconds: 60,
    });
    const first = await start();
    const task = await first.createTask({ payload: { pipeline: [step('before'), step('slow'), step('after')] } });
    const runId = await first.runNow(task.id);
    await peer.slowAsked();
    await first.kill();
    peer.answerFromNowOn();

    const second = await start();
    const run = await second.ended(runId);
    await peer.close();
    expect(run).toMatchObject({ status: 'succeeded', attempt: 1 });
    expect(peer.heard.map((each) => each.path)).toEqual(['/before', '/slow', '/slow', '/after']);
    expect(new Set(peer.heard.filter((each) => each.path === '/slow').map((each) => each.key))).toEqual(
      new Set([`${runId}:slow`]),
    );
    expect(run.steps.map((each) => each.status)).toEqual(['succeeded', 'succeeded', 'succeeded']);
  });

  test('a stop lets a step finish, and hands back what does not', async () => {
    const peer = await listenToSteps();
    const first = await start({ ORDINAUT_DRAIN_SECONDS: '1' });
    const pipeline = [{ id: 'slow', uses: 'http.request', with: { url: `${peer.url}/slow` }, timeout_seconds: 60 }];
    const task = await first.createTask({ payload: { pipeline } });
    const runId = await first.runNow(task.id);
    await peer.slowAsked();
    expect(await first.end('SIGTERM')).toBe(0);
    peer.answerFromNowOn();
    const second = await start();
    expect(await second.ended(runId)).toMatchObject({ status: 'succeeded', attempt: 1 });
    await peer.close();
  });

  test.runIf(kind === 'sqlite')('a second process on the directory is refused with the pid of the first', async () => {
    const first = await start();
    await expect(spawnServer(place)).rejects.toThrow(new RegExp(`in use by process ${first.pid}`));
    expect((await first.call('GET', '/health/ready')).status).toBe(200);
    await first.kill();
    const next = await start();
    expect((await next.call('GET', '/health/ready')).status).toBe(200);
  });

  test.runIf(kind === 'postgres')('two processes share the work and fire nothing twice', async () => {
    const servers = await Promise.all([start(), start()]);
    const tasks = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        servers[n % 2]!.createTask({
          schedule_kind: 'cron',
          schedule_expr: '* * * * * *',
          payload: { pipeline: [{ id: 'say', uses: 'core.echo', with: {} }] },
        }),
      ),
    );
    for (const task of tasks) {
      const runs = await servers[0]!.runsOf(task.id, 3);
      const nominal = runs.map((run) => run.nominal_time);
      expect(new Set(nominal).size).toBe(nominal.length);
      const seconds = nominal.map((at) => Date.parse(at!) / 1000);
      for (const [index, second] of seconds.slice(1).entries()) expect(second - seconds[index]!).toBe(1);
    }
  });
});
