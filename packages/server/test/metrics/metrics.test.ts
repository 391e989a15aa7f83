import { describe, expect, it, vi } from 'vitest';
import { Metrics } from '../../src/metrics/metrics.ts';

const linesOf = async (metrics: Metrics, start: string): Promise<string[]> => {
  const { text } = await metrics.render();
  return text.split('\n').filter((line) => line.startsWith(start));
};

describe('metrics', () => {
  it('are a text in the format 0.0.4, each name once, with those of the process', async () => {
    const { contentType, text } = await new Metrics().render();
    expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
    const types = [...text.matchAll(/^# TYPE (\S+) (counter|gauge|histogram)$/gm)].map(([, name]) => name);
    expect(types).toEqual([...new Set(types)]);
    expect(types).toEqual(expect.arrayContaining(['http_requests_total', 'process_cpu_seconds_total']));
    expect(text).toMatch(/^nodejs_eventloop_lag_seconds \d/m);
    expect(text.endsWith('\n')).toBe(true);
  });

  it('are numbers, also between two quick scrapes', async () => {
    const metrics = new Metrics();
    await metrics.render();
    const { text } = await metrics.render();
    const values = [...text.matchAll(/^[^#\n]\S*(?:\{.*\})? (\S+)$/gm)].map(([, value]) => value);
    expect(values.length).toBeGreaterThan(20);
    expect(values.filter((value) => value !== 'NaN' && Number.isNaN(Number(value)))).toEqual([]);
  });

  it('count requests by method, endpoint and status, and how long they took', async () => {
    const metrics = new Metrics();
    const request = { method: 'GET', endpoint: '/tasks/{id}', status: 200 };
    metrics.httpRequest({ ...request, seconds: 0.003 });
    metrics.httpRequest({ ...request, seconds: 0.2 });
    metrics.httpRequest({ ...request, status: 404, seconds: 60 });
    expect(await linesOf(metrics, 'http_requests_total')).toEqual([
      'http_requests_total{method="GET",endpoint="/tasks/{id}",status="200"} 2',
      'http_requests_total{method="GET",endpoint="/tasks/{id}",status="404"} 1',
    ]);
    const buckets = await linesOf(metrics, 'http_request_duration_seconds_bucket');
    expect(buckets[0]).toBe('http_request_duration_seconds_bucket{method="GET",endpoint="/tasks/{id}",le="0.005"} 1');
    expect(buckets.map((line) => line.split(' ').at(-1))).toEqual([
      '1',
      '1',
      '1',
      '1',
      '1',
      '2',
      '2',
      '2',
      '2',
      '2',
      '2',
      '3',
    ]);
    expect(await linesOf(metrics, 'http_request_duration_seconds_count')).toEqual([
      'http_request_duration_seconds_count{method="GET",endpoint="/tasks/{id}"} 3',
    ]);
  });

  it('count the ends of runs from zero', async () => {
    const metrics = new Metrics();
    metrics.taskExecution('success');
    expect(await linesOf(metrics, 'task_executions_total')).toEqual([
      'task_executions_total{status="success"} 1',
      'task_executions_total{status="failed"} 0',
      'task_executions_total{status="canceled"} 0',
    ]);
  });

  it('have the names and labels of the extension metrics', async () => {
    const metrics = new Metrics();
    const place = { extension: 'webui', endpoint: '/api/tasks' };
    const endpoint = metrics.endpoint(place.extension, place.endpoint);
    endpoint.request('POST', 201, 0.5);
    metrics.extensionError({ ...place, errorType: 'TypeError' });
    endpoint.opened();
    endpoint.opened();
    endpoint.closed();
    expect(await linesOf(metrics, 'extension_requests_total')).toEqual([
      'extension_requests_total{extension="webui",endpoint="/api/tasks",method="POST",status="201"} 1',
    ]);
    expect(await linesOf(metrics, 'extension_request_duration_seconds_sum')).toEqual([
      'extension_request_duration_seconds_sum{extension="webui",endpoint="/api/tasks",method="POST"} 0.5',
    ]);
    expect(await linesOf(metrics, 'extension_errors_total')).toEqual([
      'extension_errors_total{extension="webui",endpoint="/api/tasks",error_type="TypeError"} 1',
    ]);
    expect(await linesOf(metrics, 'extension_active_connections')).toEqual([
      'extension_active_connections{extension="webui",endpoint="/api/tasks"} 1',
    ]);
    expect(metrics.extensionTotals('webui')).toEqual({ requests: 1, errors: 1, latencyMs: 500 });
  });

  it('escape what a label may hold', async () => {
    const metrics = new Metrics();
    metrics
      .own('a')
      .counter('odd', { help: 'Two\nlines.', labels: ['text'] })
      .inc({ text: 'a"b\\c\nd' });
    const { text } = await metrics.render();
    expect(text).toContain('# HELP ext_a_odd Two\\nlines.\n');
    expect(text).toContain('ext_a_odd{text="a\\"b\\\\c\\nd"} 1\n');
  });

  it('bound the series of a metric, and tell what was left out', async () => {
    const metrics = new Metrics();
    const counter = metrics.own('a').counter('many', { help: 'Many.', labels: ['n'] });
    for (let n = 0; n < 5010; n += 1) counter.inc({ n });
    expect(await linesOf(metrics, 'ext_a_many{')).toHaveLength(5000);
    expect(await linesOf(metrics, 'metrics_dropped_total')).toEqual(['metrics_dropped_total{metric="ext_a_many"} 10']);
  });
});

describe('a gauge that is read at a scrape', () => {
  it('shows one number, or one for each set of labels', async () => {
    const metrics = new Metrics();
    metrics.addGauge({ name: 'runs_queued', help: 'Waiting.' }, async () => 3);
    const remove = metrics.addGauge({ name: 'event_lag', help: 'Behind.', labels: ['group'] }, () => [
      { labels: ['a'], value: 1 },
      { labels: ['b'], value: 0 },
    ]);
    expect(await linesOf(metrics, 'runs_queued')).toEqual(['runs_queued 3']);
    expect(await linesOf(metrics, 'event_lag')).toEqual(['event_lag{group="a"} 1', 'event_lag{group="b"} 0']);
    remove();
    expect(await linesOf(metrics, 'event_lag')).toEqual([]);
  });

  it('that fails or takes too long is left out and counted', async () => {
    vi.useFakeTimers();
    try {
      const metrics = new Metrics();
      metrics.addGauge({ name: 'broken', help: 'Fails.' }, () => {
        throw new Error('no store');
      });
      metrics.addGauge({ name: 'hanging', help: 'Never ends.' }, () => new Promise(() => undefined));
      const rendering = metrics.render();
      await vi.advanceTimersByTimeAsync(2000);
      const { text } = await rendering;
      expect(text).not.toMatch(/^(broken|hanging)/m);
      expect(text).toContain('metrics_unread_total{metric="broken"} 1\nmetrics_unread_total{metric="hanging"} 1');
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('the metrics an extension makes itself', () => {
  it('have its name, and go with it', async () => {
    const metrics = new Metrics();
    const own = metrics.own('my-weather');
    own.gauge('warmth', { help: 'Degrees.' }).set(21.5);
    own.histogram('size', { help: 'Sizes.', buckets: [10, 1] }).observe(5);
    expect(await linesOf(metrics, 'ext_my_weather_')).toEqual([
      'ext_my_weather_warmth 21.5',
      'ext_my_weather_size_bucket{le="1"} 0',
      'ext_my_weather_size_bucket{le="10"} 1',
      'ext_my_weather_size_bucket{le="+Inf"} 1',
      'ext_my_weather_size_sum 5',
      'ext_my_weather_size_count 1',
    ]);
    own.dispose();
    expect(await linesOf(metrics, 'ext_my_weather_')).toEqual([]);
  });

  it('go on through a reload, while both generations are there', async () => {
    const metrics = new Metrics();
    const begin = () => {
      const own = metrics.own('a');
      return { own, counter: own.counter('calls', { help: 'Calls.' }) };
    };
    const old = begin();
    old.counter.inc();
    const next = begin();
    next.counter.inc({}, 2);
    old.own.dispose();
    next.counter.inc();
    expect(await linesOf(metrics, 'ext_a_calls')).toEqual(['ext_a_calls 4']);
    next.own.dispose();
    expect(await linesOf(metrics, 'ext_a_calls')).toEqual([]);
  });

  it('of another kind under the same name take the place of the old', async () => {
    const metrics = new Metrics();
    const old = metrics.own('a');
    old.counter('calls', { help: 'Calls.' }).inc();
    const next = metrics.own('a');
    next.gauge('calls', { help: 'Calls.' }).set(7);
    old.dispose();
    expect(await linesOf(metrics, 'ext_a_calls')).toEqual(['ext_a_calls 7']);
  });

  it('refuse names, labels and steps that Prometheus does not know', () => {
    const own = new Metrics().own('a');
    expect(() => own.counter('my calls', { help: 'x' })).toThrow('"my calls" cannot be the name of a metric');
    expect(() => own.counter('calls', { help: 'x', labels: ['le'] })).toThrow('"le" cannot be a label');
    const calls = own.counter('calls', { help: 'x', labels: ['city'] });
    expect(() => calls.inc({ town: 'x' })).toThrow('has no label town; it was made with: city.');
    expect(() => calls.inc({ city: 'x' }, -1)).toThrow('only goes up');
  });
});
