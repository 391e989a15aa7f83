import type { AlertBulkResult } from '@ordinaut/sdk';
import type { Connection } from './connect.ts';
import { CliError } from './exit-codes.ts';
import { unchecked } from './unchecked.ts';
import { UnreadableLine } from './unreadable-line.ts';

/** Alerts, and characters of them, that go in one request: the server takes 500 and, unless told otherwise, a MiB. */
const MOST = 500;
const MOST_CHARACTERS = 250_000;

export interface BulkOutcome {
  readonly results: AlertBulkResult['results'];
  readonly created: number;
  readonly deduplicated: number;
  readonly rejected: number;
}

/**
 * Submits any number of alerts, in as many requests as it takes, one after another. Lines that cannot be read are rejected without being sent.
 *
 * @throws CliError as `explain` gives it. What was submitted before that stays so, and is told in the sentence.
 */
export async function submitAlerts({ client, explain }: Connection, alerts: readonly unknown[]): Promise<BulkOutcome> {
  const submitted: AlertBulkResult['results'] = [];
  const readable = alerts.filter((alert) => !(alert instanceof UnreadableLine));
  for (const part of partsOf(readable)) {
    try {
      submitted.push(...(await client.alerts.bulk(unchecked({ alerts: part }))).results);
    } catch (error) {
      const failure = explain(error);
      if (!(failure instanceof CliError) || submitted.length === 0) throw failure;
      const message = `${failure.message}\nThe first ${submitted.length} of ${readable.length} alerts are submitted.`;
      throw new CliError(failure.exitCode, message, { body: failure.body, cause: failure });
    }
  }
  const answers = submitted.values();
  const results = alerts.map((alert) => (alert instanceof UnreadableLine ? rejected(alert) : answers.next().value!));
  const count = (wanted: string) => results.filter(({ outcome }) => outcome === wanted).length;
  return {
    results,
    created: count('created'),
    deduplicated: count('deduplicated'),
    rejected: count('rejected'),
  };
}

const rejected = ({ message }: UnreadableLine): AlertBulkResult['results'][number] => ({
  outcome: 'rejected',
  error: { error: 'bad_request', message, details: {} },
});

function partsOf(alerts: readonly unknown[]): unknown[][] {
  const parts: unknown[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const alert of alerts) {
    const characters = JSON.stringify(alert).length;
    if (size + characters > MOST_CHARACTERS || parts.at(-1)!.length === MOST) {
      parts.push([]);
      size = 0;
    }
    parts.at(-1)!.push(alert);
    size += characters;
  }
  return parts;
}
