import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer } from '../../support/server.ts';
import { newPlace, type TestPlace } from '../../support/stores.ts';

describe('observability', () => {
  let place: TestPlace;
  let server: Awaited<ReturnType<typeof startServer>>;

  beforeAll(async () => {
    place = await newPlace('sqlite');
    server = await startServer(place);
  });

  afterAll(async () => {
    await server.server.stop();
    await place.remove();
  });

  const scrape = async (): Promise<{ type: string | null; text: string }> => {
    const response = await fetch(`${server.url}/ext/observability/metrics`);
    expect(response.status).toBe(200);
    return { type: response.headers.get('content-type'), text: await response.text() };
  };

  it('shows what the server, its runs and its extensions have done', async () => {
    await server.call('GET', '/health');
    const good = await server.createTask({ payload: { pipeline: [] } });
    const bad = await server.createTask({ payload: { pipeline: [{ id: 'x', uses: 'core.fail' }] }, max_retries: 0 });
    for (const { id } of [good, bad]) await server.ended(await server.runNow(id));
    await server.call('GET', '/ext/webui/api/tasks');
    await server.call('GET', '/ext/webui/api/nothing');
    const { type, text } = await scrape();
    expect(type).toBe('text/plain; version=0.0.4; charset=utf-8');
    const lines = text.split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'http_requests_total{method="GET",endpoint="/health",status="200"} 1',
        'http_requests_total{method="POST",endpoint="/tasks",status="201"} 2',
        'task_executions_total{status="success"} 1',
        'task_executions_total{status="failed"} 1',
        'runs_queued 0',
        'runs_running 0',
        'runs_waiting 0',
        'extension_requests_total{extension="webui",endpoint="/api/tasks",method="GET",status="200"} 1',
      ]),
    );
    expect(text).toMatch(/^extension_requests_total\{extension="webui",.*status="404"\} 1$/m);
    expect(text).toMatch(/^scheduler_lateness_seconds \d/m);
    expect(text).toMatch(/^http_request_duration_seconds_count\{method="POST",endpoint="\/tasks"\} 2$/m);
  });

  it('shows each name once, and every line in the format', async () => {
    const { text } = await scrape();
    const names = [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name);
    expect(names).toEqual([...new Set(names)]);
    const line = /^(#.*|[a-zA-Z_:][a-zA-Z0-9_:]*(\{(\w+="(\\.|[^"\\])*",?)+\})? (\+Inf|-Inf|NaN|-?\d[\d.e+-]*))?$/;
    expect(text.split('\n').filter((each) => !line.test(each))).toEqual([]);
  });

  it('is healthy', async () => {
    expect((await server.call('GET', '/ext/observability/health')).body).toMatchObject({ status: 'healthy' });
  });
});
