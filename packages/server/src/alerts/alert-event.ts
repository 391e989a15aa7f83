import type { Alert } from '@ordinaut/contract';
import { MAX_DATA_BYTES } from '../events/event-service.ts';
import type { AlertRow } from '../storage/tables.ts';
import { toAlert } from './alert-resource.ts';

/** What the alerts of one transaction may have together as they are told, in bytes, as far as their raw logs go. */
const MAX_TOGETHER = 8_388_608;
const MARK = '… [cut short; GET /alerts/{id} has all of it]';

/**
 * An alert as its events tell it, as JSON: the whole, with `raw_log` cut short and marked where the whole would not fit.
 *
 * @param together alerts that are told with it; of many each gets less room, so that 500 occurrences of one alert with a long log
 *   do not become half a gigabyte. The rest of an alert always fits: see `alert-input.ts`.
 */
export function alertEvent(row: AlertRow, together = 1): string {
  const alert = toAlert(row);
  const { raw_log: log } = alert;
  const limit = Math.min(MAX_DATA_BYTES, Math.floor(MAX_TOGETHER / together));
  // One that is longer is not even written once: of five hundred that would take half a second.
  if (log === null || log.length <= limit) {
    const whole = JSON.stringify(alert);
    if (log === null || Buffer.byteLength(whole) <= limit) return whole;
  }
  return cut(alert, log, limit);
}

function cut(alert: Alert, log: string, limit: number): string {
  const shortened = (length: number) =>
    JSON.stringify({ ...alert, raw_log: log.slice(0, length).toWellFormed() + MARK });
  let fits = 0;
  let tooLong = Math.min(log.length, limit);
  while (tooLong - fits > 256) {
    const middle = (fits + tooLong) >>> 1;
    if (Buffer.byteLength(shortened(middle)) <= limit) fits = middle;
    else tooLong = middle;
  }
  return shortened(fits);
}
