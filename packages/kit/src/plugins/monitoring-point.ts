/** One measurement of one request. */
export interface MonitoringPoint {
  /** `requests`: every request has one. `errors`: one that was answered with 400 or more has one besides. */
  readonly series: 'requests' | 'errors';
  /** When the request began: Unix seconds with a fraction. */
  readonly eventTime: number;
  /** What is counted by: `service`, `route` (`POST:/handlers/{id}/events`), `status_code`, of errors `error_code`, and what the route adds. */
  readonly tags: Readonly<Record<string, string | number>>;
  /** What is measured: `request_id`, of requests `execution_time` in seconds, and what the route adds. */
  readonly fields: Readonly<Record<string, string | number>>;
}
