import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterEach, expect, test, vi } from 'vitest';
import { type CallInfo, type ClientEvent, OrdinautClient } from '../src/index.ts';
import { openTelemetryObserver } from '../src/otel.ts';
import { mode, RUN_ID, runOf } from './support/answers.ts';
import { startProbe } from './support/probe-server.ts';
import { ShiftedClock } from './support/shifted-clock.ts';

const quick = { retry: { baseMs: 1, maxMs: 2 } } as const;
const failsOnce = () =>
  startProbe((probe) => (probe.number === 1 ? probe.fail(500, 'internal_error') : probe.json(200, runOf('running'))));

afterEach(() => vi.restoreAllMocks());

test('observers are told of the call, every attempt, every retry and the end', async () => {
  await using server = await failsOnce();
  const events: ClientEvent[] = [];
  const client = new OrdinautClient({
    baseUrl: server.url,
    ...quick,
    observers: [{ observe: (event) => void events.push(event) }],
  });
  await client.runs.get(RUN_ID);
  expect(events).toMatchObject([
    { type: 'call.start', call: { operation: 'runs.get', method: 'GET', template: '/runs/{id}', host: server.host } },
    { type: 'attempt', attempt: { number: 1, status: 500, code: 'internal_error', requestId: 'r-1' } },
    { type: 'retry', attempt: 1, code: 'internal_error' },
    { type: 'attempt', attempt: { number: 2, status: 200, code: null } },
    { type: 'call.end', attempts: 2, retries: 1, status: 200, failed: false, error: undefined },
  ]);
  const calls = new Set(events.map((event) => ('call' in event ? event.call : null)));
  expect(calls.size).toBe(1);
});

test('an observer that throws is left out, and the call goes on', async () => {
  await using server = await startProbe((probe) => probe.json(200, mode));
  const complain = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  let calls = 0;
  const broken = {
    observe: () => {
      calls += 1;
      throw new Error('broken');
    },
  };
  const client = new OrdinautClient({ baseUrl: server.url, observers: [broken] });
  await client.system.mode();
  expect([calls, complain.mock.calls.length]).toEqual([1, 1]);
});

test('the same is told on node:diagnostics_channel', async () => {
  await using server = await failsOnce();
  const told: unknown[] = [];
  const listen = (message: unknown, name: unknown) => void told.push([name, (message as ClientEvent).type]);
  const names = ['ordinaut.sdk.attempt', 'ordinaut.sdk.call.end'];
  for (const name of names) subscribe(name, listen);
  try {
    await new OrdinautClient({ baseUrl: server.url, ...quick }).runs.get(RUN_ID);
  } finally {
    for (const name of names) unsubscribe(name, listen);
  }
  expect(told).toEqual([
    ['ordinaut.sdk.attempt', 'attempt'],
    ['ordinaut.sdk.attempt', 'attempt'],
    ['ordinaut.sdk.call.end', 'call.end'],
  ]);
});

test('the figures are those of the calls', async () => {
  const clock = new ShiftedClock();
  let number = 0;
  await using server = await startProbe((probe) => {
    number += 1;
    clock.pass(number * 1000);
    probe.json(200, mode);
  });
  const client = new OrdinautClient({ baseUrl: server.url, clock });
  expect(client.stats()).toMatchObject({ calls: 0, retries: 0, retryRatio: 0, operations: {} });
  for (let call = 0; call < 10; call += 1)
    await client.system.mode({ timeoutMs: 3_600_000, attemptTimeoutMs: 3_600_000 });
  const { operations } = client.stats();
  const figures = operations['system.mode'];
  expect(figures).toMatchObject({ calls: 10, errors: 0, retries: 0 });
  expect(Math.floor((figures?.p50 ?? 0) / 1000)).toBe(5);
  expect(Math.floor((figures?.p95 ?? 0) / 1000)).toBe(10);
  expect(Math.floor((figures?.p99 ?? 0) / 1000)).toBe(10);
});

test('the retry ratio is retries by calls', async () => {
  await using server = await startProbe((probe) =>
    probe.number % 3 ? probe.fail(500, 'internal_error') : probe.json(200, mode),
  );
  const client = new OrdinautClient({ baseUrl: server.url, ...quick });
  await client.system.mode();
  await client.system.mode();
  expect(client.stats()).toMatchObject({
    calls: 2,
    retries: 4,
    retryRatio: 2,
    operations: { 'system.mode': { retries: 4 } },
  });
});

test('OpenTelemetry gets a span for each call, an event for each attempt, and a histogram', async () => {
  await using server = await startProbe((probe) => {
    if (probe.path.startsWith('/tools')) probe.fail(404, 'not_found');
    else if (probe.number === 1) probe.fail(500, 'internal_error');
    else probe.json(200, runOf('running'));
  });
  const spans = new InMemorySpanExporter();
  const tracing = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: spans })] });
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const metering = new MeterProvider({ readers: [reader] });
  propagation.setGlobalPropagator({
    inject: (where, carrier, setter) => {
      const span = trace.getSpanContext(where);
      if (span) setter.set(carrier, 'traceparent', `00-${span.traceId}-${span.spanId}-01`);
    },
    extract: (where) => where,
    fields: () => ['traceparent'],
  });
  const observer = openTelemetryObserver({ tracer: tracing.getTracer('t'), meter: metering.getMeter('m') });
  const client = new OrdinautClient({ baseUrl: server.url, ...quick, observers: [observer] });
  await client.runs.get(RUN_ID);
  await client.tools.get('nothing').catch(() => undefined);
  await metering.forceFlush();

  const [good, bad] = spans.getFinishedSpans();
  expect(good).toMatchObject({
    name: 'runs.get',
    kind: SpanKind.CLIENT,
    status: { code: SpanStatusCode.UNSET },
    attributes: {
      'http.request.method': 'GET',
      'url.template': '/runs/{id}',
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(server.url).port),
      'http.response.status_code': 200,
      'http.request.resend_count': 1,
    },
  });
  expect(good?.events.map(({ name }) => name)).toEqual(['attempt', 'retry', 'attempt']);
  expect(bad).toMatchObject({
    status: { code: SpanStatusCode.ERROR, message: 'not_found' },
    attributes: { 'error.type': 'not_found' },
  });
  expect(server.requests[0]?.headers.traceparent).toBe(
    `00-${good?.spanContext().traceId}-${good?.spanContext().spanId}-01`,
  );

  const metrics = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
  const histogram = metrics.find(({ descriptor }) => descriptor.name === 'ordinaut.client.call.duration');
  expect(histogram?.dataPoints.map(({ attributes }) => attributes['ordinaut.operation'])).toEqual([
    'runs.get',
    'tools.get',
  ]);
  expect(metrics.find(({ descriptor }) => descriptor.name === 'ordinaut.client.retries')?.dataPoints[0]?.value).toBe(1);

  await metering.shutdown();
  await tracing.shutdown();
  propagation.disable();
  expect(context.active()).toBeDefined();
});

test('headers of observers go with each attempt', async () => {
  await using server = await failsOnce();
  const calls: CallInfo[] = [];
  const observer = {
    observe: () => undefined,
    headersOf: (call: CallInfo) => {
      calls.push(call);
      return { 'x-trace': String(calls.length) };
    },
  };
  await new OrdinautClient({ baseUrl: server.url, ...quick, observers: [observer] }).runs.get(RUN_ID);
  expect(server.requests.map(({ headers }) => headers['x-trace'])).toEqual(['1', '2']);
});
