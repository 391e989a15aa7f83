import type { MonitoringPoint } from '@ordinaut/kit';

/** What a route adds to the points of its request. */
export interface PointNotes {
  readonly tags?: Readonly<Record<string, string | number>>;
  readonly fields?: Readonly<Record<string, string | number>>;
}

/** A request that was answered. */
export interface MonitoredRequest {
  readonly method: string;
  /** Pattern of the route, never the path: `/tasks/{id}`. */
  readonly endpoint: string;
  readonly status: number;
  /** Code of the error that it was answered with; null below 400. */
  readonly errorCode: string | null;
  readonly requestId: string;
  /** Seconds from its head to the end of the answer. */
  readonly seconds: number;
  readonly notes?: PointNotes | undefined;
}

/** The same with its time. */
export interface TimedRequest extends MonitoredRequest {
  /** When it was answered, Unix seconds. */
  readonly answeredAt: number;
}

/**
 * The points of a request. Each plugin has its own made when its turn comes: a queue that stands still keeps thousands of requests, and
 * what is kept is what its memory costs everybody.
 */
export function pointsOf({
  method,
  endpoint,
  status,
  errorCode,
  requestId,
  seconds,
  notes,
  answeredAt,
}: TimedRequest): readonly MonitoringPoint[] {
  const eventTime = answeredAt - seconds;
  const tags = { service: 'ordinaut', route: `${method}:${endpoint}`, status_code: status, ...notes?.tags };
  const fields = { request_id: requestId, execution_time: seconds, ...notes?.fields };
  const requests: MonitoringPoint = { series: 'requests', eventTime, tags, fields };
  if (errorCode === null) return [requests];
  return [
    requests,
    {
      series: 'errors',
      eventTime,
      tags: { ...tags, error_code: errorCode },
      fields: { request_id: requestId },
    },
  ];
}
