import type { Page, Run, RunSummary, Task } from '@ordinaut/contract';
import { expect, test } from 'vitest';
import { listen } from '../test/support/server.ts';
import { type ServerProcess, spawnAndKill, spawnServer } from '../test/support/server-process.ts';
import { describeStores, newPlace } from '../test/support/stores.ts';

const ROUNDS = Number(process.env.ORDINAUT_FAULT_ROUNDS ?? 25);

/**
 * Kills the server at random moments, of its start too, while tasks fire, runs are asked for and steps call a peer. In the
 * end: nothing acknowledged is lost, nothing fired twice for a nominal time, no finished step was run again.
 */
describeStores('SIGKILL at random moments', (kind) => {
  test(`${ROUNDS} rounds`, async () => {
    const place = await newPlace(kind);
    const calls = new Map<string, number>();
    const peer = await listen((request, response) => {
      const key = String(request.headers['idempotency-key']);
      calls.set(key, (calls.get(key) ?? 0) + 1);
      response.end('"ok"');
    });
    const step = (id: string) => ({ id, uses: 'http.request', with: { method: 'POST', url: `${peer.url}/${id}` } });
    const payload = { pipeline: [step('one'), step('two'), step('three')] };
    const acknowledged = new Set<string>();
    const tasks: Task[] = [];
    const reopened: number[] = [];

    for (let round = 0; round < ROUNDS; round++) {
      const begun = performance.now();
      const starting = spawnServer(place, { ORDINAUT_DRAIN_SECONDS: '1' });
      let server: ServerProcess;
      try {
        server = await starting;
      } catch (error) {
        throw new Error(`Round ${round}: the server did not come back.`, { cause: error });
      }
      reopened.push(performance.now() - begun);
      if (round % 5 === 0) {
        tasks.push(
          await server.createTask({
            schedule_kind: 'cron',
            schedule_expr: '* * * * * *',
            misfire_policy: 'run_all',
            payload,
          }),
        );
      }
      const moment = performance.now() + 50 + Math.random() * 1200;
      const callers = Array.from({ length: 4 }, async () => {
        while (performance.now() < moment) {
          const runId = await server.runNow(tasks[0]!.id).catch(() => null);
          if (runId === null) return;
          acknowledged.add(runId);
        }
      });
      await Promise.all([
        Promise.all(callers),
        new Promise((resolve) => setTimeout(resolve, moment - performance.now())),
      ]);
      await server.kill();
    }

    const server = await spawnServer(place);
    for (const task of tasks) await server.call('POST', `/tasks/${task.id}/pause`);
    const all: RunSummary[] = [];
    for (const task of tasks) {
      for (let cursor: string | null = ''; cursor !== null; ) {
        const path: string = `/runs?task_id=${task.id}&limit=200${cursor === '' ? '' : `&cursor=${cursor}`}`;
        const { body }: { body: Page<RunSummary> } = await server.call('GET', path);
        all.push(...body.items);
        cursor = body.next_cursor;
      }
    }
    const ended: Run[] = [];
    for (const run of all) ended.push(await server.ended(run.id));
    await server.end();
    await peer.close();
    await place.remove();

    const known = new Set(all.map((run) => run.id));
    expect([...acknowledged].filter((id) => !known.has(id))).toEqual([]);
    expect(ended.filter((run) => run.status !== 'succeeded').map((run) => [run.id, run.status, run.error])).toEqual([]);
    const scheduled = all
      .filter((run) => run.trigger === 'schedule')
      .map((run) => `${run.task_id} ${run.nominal_time}`);
    expect(new Set(scheduled).size).toBe(scheduled.length);
    // A step that was under way is run again, at most once for each kill; finished ones are not: their record is unique.
    for (const run of ended) expect(run.steps.map((each) => each.id)).toEqual(['one', 'two', 'three']);
    const repeats = [...calls.values()].filter((count) => count > 1).length;
    reopened.sort((a, b) => a - b);
    process.stdout.write(
      `${kind}: ${ROUNDS} kills, ${acknowledged.size} runs acknowledged, ${scheduled.length} fired by the clock, ` +
        `${repeats} steps under way at a kill were run again, start until ready: median ${Math.round(reopened[Math.floor(reopened.length / 2)]!)} ms, ` +
        `max ${Math.round(reopened.at(-1)!)} ms\n`,
    );
  });
});

describeStores('SIGKILL during the start', (kind) => {
  test('a start that is killed, in the migration too, harms nothing', async () => {
    const place = await newPlace(kind);
    for (let round = 0; round < ROUNDS; round++) await spawnAndKill(place, Math.random() * 1500);
    const server = await spawnServer(place);
    const task = await server.createTask({ payload: { pipeline: [{ id: 'say', uses: 'core.echo', with: {} }] } });
    expect((await server.ended(await server.runNow(task.id))).status).toBe('succeeded');
    await server.end();
    await place.remove();
  });
});
