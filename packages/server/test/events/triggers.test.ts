import type { EventList, EventPublication, Page, RunSummary, Task } from '@ordinaut/contract';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startServer, type TestApi } from '../support/server.ts';
import { describeStores, newPlace, type TestPlace } from '../support/stores.ts';

const echo = { pipeline: [{ id: 'say', uses: 'core.echo', with: { got: '${params.event}' } }] };

describeStores('tasks that events start', (kind) => {
  let place: TestPlace;
  const servers: Awaited<ReturnType<typeof startServer>>[] = [];
  beforeEach(async () => {
    place = await newPlace(kind);
  });
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((each) => each.server.stop()));
    await place.remove();
  });

  const start = async () => {
    const server = await startServer(place);
    servers.push(server);
    return server;
  };
  const publish = async (api: TestApi, topic: string, payload: unknown): Promise<EventPublication['details']> => {
    const answer = await api.call<EventPublication>('POST', '/events', { topic, payload });
    expect(answer.status).toBe(202);
    return answer.body.details;
  };
  const onEvent = (api: TestApi, event_topic: string, more: Partial<Task> = {}): Promise<Task> =>
    api.createTask({ schedule_kind: 'event', schedule_expr: null, event_topic, payload: echo, ...more } as never);

  test('an event starts the tasks whose topic matches, once, with the event as their params', async () => {
    const api = await start();
    const task = await onEvent(api, 'deploy.*');
    const other = await onEvent(api, 'build.*');
    const published = await publish(api, 'deploy.done', { env: 'prod' });
    expect(published).toMatchObject({ topic: 'deploy.done', triggered_tasks: [task.id] });
    const [run] = await api.runsOf(task.id, 1);
    expect(run).toMatchObject({ trigger: 'event', status: 'succeeded' });
    expect(run!.params).toEqual({
      event: {
        id: published.stream_id,
        topic: 'deploy.done',
        payload: { env: 'prod' },
        source: 'api',
        published_at: published.published_at,
        event_id: published.event_id,
        chain: 1,
      },
    });
    const page = await api.call<Page<RunSummary>>('GET', `/runs?task_id=${other.id}`);
    expect(page.body.items).toEqual([]);
  });

  test('a condition has to be true; one that cannot be evaluated starts nothing', async () => {
    const api = await start();
    const condition = (schedule_expr: string) => onEvent(api, 'weather', { schedule_kind: 'condition', schedule_expr });
    const warm = await condition('payload.celsius > `25`');
    await condition('length(payload.celsius) > `1`');
    expect((await publish(api, 'weather', { celsius: 20 })).triggered_tasks).toEqual([]);
    expect((await publish(api, 'weather', { celsius: 30 })).triggered_tasks).toEqual([warm.id]);
    const [run] = await api.runsOf(warm.id, 1);
    expect(run).toMatchObject({ trigger: 'condition', status: 'succeeded' });
  });

  test('a task that is paused, changed or canceled is started accordingly, at once', async () => {
    const api = await start();
    const { id } = await onEvent(api, 'a.b');
    const started = async (topic: string) => (await publish(api, topic, null)).triggered_tasks;
    expect(await started('a.b')).toEqual([id]);
    await api.call('POST', `/tasks/${id}/pause`);
    expect(await started('a.b')).toEqual([]);
    await api.call('POST', `/tasks/${id}/resume`);
    await api.call('PATCH', `/tasks/${id}`, { event_topic: 'c.d' });
    expect(await started('a.b')).toEqual([]);
    expect(await started('c.d')).toEqual([id]);
    await api.call('POST', `/tasks/${id}/cancel`);
    expect(await started('c.d')).toEqual([]);
  });

  test.runIf(kind === 'postgres')('what another process has just changed holds for the next event', async () => {
    const [one, two] = await Promise.all([start(), start()]);
    expect((await publish(two, 'x.y', 0)).triggered_tasks).toEqual([]);
    for (let n = 0; n < 5; n++) {
      const { id } = await onEvent(one, 'x.y');
      expect((await publish(two, 'x.y', n)).triggered_tasks).toContain(id);
      await one.call('POST', `/tasks/${id}/cancel`);
      expect((await publish(two, 'x.y', n)).triggered_tasks).not.toContain(id);
    }
  });

  test('many events at the same moment start a run each', async () => {
    const api = await start();
    const { id } = await onEvent(api, 'burst');
    await Promise.all(Array.from({ length: 150 }, (_, n) => publish(api, 'burst', n)));
    const runs = await api.runsOf(id, 150);
    const seen = runs.map((run) => (run.params as { event: { payload: number } }).event.payload);
    expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 150 }, (_, n) => n));
  });

  test('the end of a run starts a task, but never the task whose run it was', async () => {
    const api = await start();
    const first = await onEvent(api, 'never.comes');
    const after = await onEvent(api, 'run.succeeded');
    const runId = await api.runNow(first.id, { event: {} });
    const [run] = await api.runsOf(after.id, 1);
    expect(run!.params).toMatchObject({
      event: { topic: 'run.succeeded', payload: { run_id: runId, task_id: first.id }, source: 'core', chain: 1 },
    });
    expect(await ran(api, after.id)).toBe(1);
  });

  const ran = async (api: TestApi, taskId: string): Promise<number> =>
    (await api.call<Page<RunSummary>>('GET', `/runs?task_id=${taskId}`)).body.total;

  test('tasks that start each other stop after eight', async () => {
    const api = await start();
    const ping = await onEvent(api, 'ball.ping', {
      payload: { pipeline: [{ id: 'p', uses: 'events.publish', with: { topic: 'ball.pong' } }] },
    } as never);
    const pong = await onEvent(api, 'ball.pong', {
      payload: { pipeline: [{ id: 'p', uses: 'events.publish', with: { topic: 'ball.ping' } }] },
    } as never);
    await publish(api, 'ball.ping', null);
    await Promise.all([api.runsOf(ping.id, 4), api.runsOf(pong.id, 4)]);
    const last = (await api.runsOf(pong.id, 4)).at(-1)!;
    expect((await api.ended(last.id)).steps[0]!.output).toMatchObject({ triggered_tasks: [] });
    expect([await ran(api, ping.id), await ran(api, pong.id)]).toEqual([4, 4]);
  });

  test('tasks of which each runs at the end of the other stop too', async () => {
    const api = await start();
    const one = await onEvent(api, 'run.succeeded');
    const two = await onEvent(api, 'run.succeeded');
    const source = await onEvent(api, 'never.comes');
    await api.runNow(source.id, { event: {} });
    // Each run of one starts the other: 8 levels of two tasks that take turns.
    await Promise.all([api.runsOf(one.id, 8), api.runsOf(two.id, 8)]);
    // When the ends of the last two are in the log, it is decided that they start nothing.
    const last = async () => {
      const { body } = await api.call<EventList>('GET', '/events/stream/recent?count=1000');
      const chains = body.items.map(
        ({ topic, data }) => topic === 'run.succeeded' && (data as { chain?: number }).chain,
      );
      return chains.filter((chain) => chain === 8).length;
    };
    while ((await last()) < 2);
    expect([await ran(api, one.id), await ran(api, two.id)]).toEqual([8, 8]);
  });
});
