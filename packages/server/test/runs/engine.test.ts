import type { Run, RunStatsSummary, TaskStats } from '@ordinaut/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunningServer } from '../../src/server.ts';
import { listen, startServer, type TestApi } from '../support/server.ts';
import { describeStores, newPlace, type TestPlace } from '../support/stores.ts';

describeStores('engine', (kind) => {
  let place: TestPlace;
  let ordinaut: TestApi & { server: RunningServer };

  beforeAll(async () => {
    place = await newPlace(kind);
    ordinaut = await startServer(place);
  });

  afterAll(async () => {
    await ordinaut?.server.stop();
    await place?.remove();
  });

  const soon = (ms = 300) => new Date(Date.now() + ms).toISOString();
  const echo = (value: unknown) => ({ id: 'say', uses: 'core.echo', with: { value } });

  test.each([
    ['cron', { schedule_kind: 'cron', schedule_expr: '* * * * * *' }],
    ['rrule', { schedule_kind: 'rrule', schedule_expr: 'FREQ=SECONDLY;COUNT=2' }],
  ] as const)('a %s task fires at its times', async (_, schedule) => {
    const task = await ordinaut.createTask({ ...schedule, payload: { pipeline: [echo('${run.nominal_time}')] } });
    const runs = await ordinaut.runsOf(task.id, 2);
    await ordinaut.call('POST', `/tasks/${task.id}/cancel`);
    for (const run of runs.slice(0, 2)) {
      expect(run).toMatchObject({ status: 'succeeded', trigger: 'schedule', output: { value: run.nominal_time } });
      const late = Date.parse(run.created_at) - Date.parse(run.nominal_time!);
      expect(late).toBeGreaterThanOrEqual(0);
      expect(late).toBeLessThan(1500);
    }
    expect(Date.parse(runs[1]!.nominal_time!) - Date.parse(runs[0]!.nominal_time!)).toBe(1000);
  });

  test('a once task fires at its time and is completed', async () => {
    const task = await ordinaut.createTask({ schedule_expr: soon(), payload: { pipeline: [echo(1)] } });
    const [run] = await ordinaut.runsOf(task.id, 1);
    expect(run!.nominal_time).toBe(task.next_run_at);
    const { body } = await ordinaut.call('GET', `/tasks/${task.id}`);
    expect(body).toMatchObject({ status: 'completed', next_run_at: null });
  });

  test('passes data between steps that talk to another server, with one key for each step', async () => {
    const heard: { path: string; key: string | undefined; text: string }[] = [];
    const peer = await listen((request, response) => {
      heard.push({ path: request.url!, key: request.headers['idempotency-key'] as string, text: request.text });
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ token: 'abc', n: heard.length }));
    });
    const task = await ordinaut.createTask({
      payload: {
        params: { city: 'Chișinău' },
        pipeline: [
          { id: 'get', uses: 'http.request', with: { url: `${peer.url}/token` } },
          {
            id: 'post',
            uses: 'http.request',
            with: {
              method: 'POST',
              url: `${peer.url}/use`,
              json: { token: '${steps.get.body.token}', city: '${params.city}' },
            },
          },
        ],
      },
    });
    const run = await ordinaut.ended(await ordinaut.runNow(task.id, { city: 'Bălți' }));
    await peer.close();
    expect(run.status).toBe('succeeded');
    expect(heard.map((each) => each.path)).toEqual(['/token', '/use']);
    expect(JSON.parse(heard[1]!.text)).toEqual({ token: 'abc', city: 'Bălți' });
    expect(heard[1]!.key).toBe(`${run.id}:post`);
    expect(run.output).toMatchObject({ status: 200, body: { n: 2 } });
  });

  test('retries with the promised delays, from the failed step, and then fails', async () => {
    const times: number[] = [];
    let first = 0;
    const peer = await listen((request, response) => {
      if (request.url === '/first') first += 1;
      else {
        times.push(performance.now());
        response.statusCode = 503;
      }
      response.end('no');
    });
    const step = (id: string) => ({ id, uses: 'http.request', with: { url: `${peer.url}/${id}` } });
    const task = await ordinaut.createTask({
      max_retries: 2,
      backoff_strategy: 'linear',
      payload: { pipeline: [step('first'), step('second')] },
    });
    const run = await ordinaut.ended(await ordinaut.runNow(task.id));
    await peer.close();
    expect(run).toMatchObject({
      status: 'failed',
      success: false,
      attempt: 3,
      error: { code: 'http_error', step_id: 'second' },
    });
    expect(first).toBe(1);
    expect(times).toHaveLength(3);
    const gaps = [times[1]! - times[0]!, times[2]! - times[1]!];
    expect(gaps[0]).toBeGreaterThanOrEqual(990);
    expect(gaps[0]).toBeLessThan(2000);
    expect(gaps[1]).toBeGreaterThanOrEqual(1990);
    expect(gaps[1]).toBeLessThan(3500);
    expect(run.steps.map((each) => [each.id, each.status])).toEqual([
      ['first', 'succeeded'],
      ['second', 'failed'],
    ]);
  });

  test('does not retry what a retry would not change', async () => {
    const task = await ordinaut.createTask({
      payload: {
        pipeline: [{ id: 'bad', uses: 'http.request', with: { url: '${params.nowhere}' } }],
        params: { nowhere: 'ftp://x' },
      },
    });
    const run = await ordinaut.ended(await ordinaut.runNow(task.id));
    expect(run).toMatchObject({ status: 'failed', attempt: 1 });
  });

  test('a retry of a failed run is a new run that goes on where the old one ended', async () => {
    let broken = true;
    const peer = await listen((_, response) => {
      response.statusCode = broken ? 400 : 200;
      response.end('done');
    });
    const task = await ordinaut.createTask({
      payload: { pipeline: [echo('kept'), { id: 'send', uses: 'http.request', with: { url: peer.url } }] },
    });
    const failed = await ordinaut.ended(await ordinaut.runNow(task.id));
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'http_rejected', step_id: 'send' } });
    broken = false;
    const answer = await ordinaut.call<{ details: { run_id: string } }>('POST', `/runs/${failed.id}/retry`);
    expect(answer.status).toBe(202);
    const retried = await ordinaut.ended(answer.body.details.run_id);
    await peer.close();
    expect(retried).toMatchObject({ status: 'succeeded', retry_of: failed.id });
    expect(retried.steps[0]).toEqual(failed.steps[0]);
    expect((await ordinaut.call('POST', `/runs/${retried.id}/retry`)).status).toBe(409);
  });

  test('a cancel aborts the step under way', async () => {
    const asked = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    const peer = await listen((_, response) => {
      asked.resolve();
      response.on('close', () => gone.resolve());
    });
    const task = await ordinaut.createTask({
      payload: { pipeline: [{ id: 'hang', uses: 'http.request', with: { url: peer.url } }] },
    });
    const runId = await ordinaut.runNow(task.id);
    await asked.promise;
    const running = await ordinaut.call<Run>('GET', `/runs/${runId}`);
    expect(running.body).toMatchObject({ status: 'running', steps: [{ id: 'hang', status: 'running' }] });
    expect(running.body.lease_owner).not.toBeNull();
    expect(Date.parse(running.body.leased_until!)).toBeGreaterThan(Date.now());
    expect((await ordinaut.call('POST', `/runs/${runId}/cancel`)).status).toBe(202);
    await gone.promise;
    const run = await ordinaut.ended(runId);
    await peer.close();
    expect(run).toMatchObject({ status: 'canceled', success: false, error: { code: 'canceled' } });
    expect((await ordinaut.call('POST', `/runs/${runId}/cancel`)).status).toBe(200 + 2);
  });

  test('a sleeping run holds no worker', async () => {
    const nap = { id: 'nap', uses: 'core.sleep', with: { seconds: 4 } };
    const task = await ordinaut.createTask({ payload: { pipeline: [nap, echo('awake')] } });
    const runs = await Promise.all(Array.from({ length: 100 }, () => ordinaut.runNow(task.id)));
    const begun = performance.now();
    const ended = await Promise.all(runs.map((id) => ordinaut.ended(id)));
    // Thirty-two at a time would take sixteen seconds.
    expect(performance.now() - begun).toBeLessThan(14_000);
    expect(ended.every((run) => run.status === 'succeeded' && run.attempt === 1)).toBe(true);
  });

  test('runs with one concurrency key never overlap', async () => {
    let present = 0;
    let most = 0;
    const peer = await listen((_, response) => {
      most = Math.max(most, ++present);
      setImmediate(() => {
        present -= 1;
        response.end('ok');
      });
    });
    const task = await ordinaut.createTask({
      concurrency_key: 'one at a time',
      payload: { pipeline: [{ id: 'go', uses: 'http.request', with: { url: peer.url } }] },
    });
    const ids = await Promise.all(Array.from({ length: 20 }, () => ordinaut.runNow(task.id)));
    const runs = await Promise.all(ids.map((id) => ordinaut.ended(id)));
    await peer.close();
    expect(most).toBe(1);
    expect(runs.every((run) => run.status === 'succeeded')).toBe(true);
  });

  test('counts what ended', async () => {
    const task = await ordinaut.createTask({
      max_retries: 0,
      payload: { pipeline: [{ id: 'f', uses: 'core.fail', if: 'params.fail', with: {} }] },
    });
    for (const fail of [true, false, false]) await ordinaut.ended(await ordinaut.runNow(task.id, { fail }));
    const { body: stats } = await ordinaut.call<TaskStats>('GET', `/tasks/${task.id}/stats?days=1`);
    expect(stats).toMatchObject({ total_runs: 3, successful_runs: 2, failed_runs: 1, success_rate: 0.6667 });
    const { body: summary } = await ordinaut.call<RunStatsSummary>('GET', '/runs/stats/summary');
    expect(summary.total_runs).toBeGreaterThanOrEqual(3);
    expect(summary.queued_runs).toBe(0);
  });

  test('one step starts another task, once for a repeated step', async () => {
    const other = await ordinaut.createTask({ payload: { pipeline: [echo('${params.from}')] } });
    const task = await ordinaut.createTask({
      payload: {
        pipeline: [{ id: 'start', uses: 'tasks.run_now', with: { task_id: other.id, params: { from: '${run.id}' } } }],
      },
    });
    const run = await ordinaut.ended(await ordinaut.runNow(task.id));
    const started = (run.output as { run_id: string }).run_id;
    expect((await ordinaut.ended(started)).output).toEqual({ value: run.id });
  });
});
