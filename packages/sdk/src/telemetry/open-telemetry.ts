import {
  context,
  type Meter,
  metrics,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { VERSION } from '../version.ts';
import type { CallInfo, ClientEvent, Observer } from './events.ts';

export interface OpenTelemetryOptions {
  /** Default: that of the global provider, by the name `@ordinaut/sdk`. */
  readonly tracer?: Tracer;
  /** Default: that of the global provider, by the name `@ordinaut/sdk`. */
  readonly meter?: Meter;
  /** Whether `traceparent` goes with the requests. Default: true. */
  readonly propagate?: boolean;
}

/**
 * An observer for OpenTelemetry: a span for each call with an event for each attempt and retry, the histogram
 * `ordinaut.client.call.duration` (seconds) and the counter `ordinaut.client.retries`. Attributes are those of the semantic conventions
 * for HTTP clients; `url.template` and the operation keep their number low.
 */
export function openTelemetryObserver(options: OpenTelemetryOptions = {}): Observer {
  const tracer = options.tracer ?? trace.getTracer('@ordinaut/sdk', VERSION);
  const meter = options.meter ?? metrics.getMeter('@ordinaut/sdk', VERSION);
  const durations = meter.createHistogram('ordinaut.client.call.duration', {
    unit: 's',
    description: 'Time of a call, with its waits and retries',
  });
  const retries = meter.createCounter('ordinaut.client.retries', {
    description: 'Requests beyond the first of a call',
  });
  const spans = new WeakMap<CallInfo, Span>();
  return {
    observe(event) {
      if (event.type === 'call.start') {
        spans.set(
          event.call,
          tracer.startSpan(event.call.operation, { kind: SpanKind.CLIENT, attributes: attributesOf(event.call) }),
        );
      } else if (event.type === 'attempt') {
        const { number, status, code, durationMs, requestId } = event.attempt;
        spans.get(event.call)?.addEvent('attempt', {
          'ordinaut.attempt': number,
          'ordinaut.attempt.duration_ms': durationMs,
          ...(status !== null && { 'http.response.status_code': status }),
          ...(code !== null && { 'error.type': code }),
          ...(requestId !== null && { 'ordinaut.request_id': requestId }),
        });
      } else if (event.type === 'retry') {
        retries.add(1, { 'ordinaut.operation': event.call.operation, 'error.type': event.code });
        spans
          .get(event.call)
          ?.addEvent('retry', { 'ordinaut.attempt': event.attempt, 'ordinaut.delay_ms': event.delayMs });
      } else if (event.type === 'call.end') {
        end(event);
      }
    },
    headersOf(call) {
      const span = spans.get(call);
      const headers: Record<string, string> = {};
      if (span !== undefined && options.propagate !== false)
        propagation.inject(trace.setSpan(context.active(), span), headers);
      return headers;
    },
  };

  function end({
    call,
    status,
    error,
    failed,
    durationMs,
    retries: resent,
  }: Extract<ClientEvent, { type: 'call.end' }>): void {
    const outcome = {
      ...(status !== null && { 'http.response.status_code': status }),
      ...(failed && { 'error.type': error?.code ?? 'other' }),
    };
    durations.record(durationMs / 1000, { ...attributesOf(call), ...outcome });
    const span = spans.get(call);
    if (span === undefined) return;
    span.setAttributes({ ...outcome, 'http.request.resend_count': resent });
    if (failed) span.setStatus({ code: SpanStatusCode.ERROR, message: error?.code ?? 'other' });
    span.end();
    spans.delete(call);
  }
}

const attributesOf = ({ operation, method, template, host }: CallInfo) => {
  const [, address = host, port] = /^(.*?)(?::(\d+))?$/.exec(host) ?? [];
  return {
    'ordinaut.operation': operation,
    'http.request.method': method,
    'url.template': template,
    'server.address': address,
    ...(port !== undefined && { 'server.port': Number(port) }),
  };
};
