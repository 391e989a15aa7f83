import type { ApiClient } from './api-client.ts';
import { CliError } from './exit-codes.ts';
import { isRecord } from './is-record.ts';

/** Alerts, and characters of them, that go in one request: the server takes 500 and, unless told otherwise, a MiB. */
const MOST = 500;
const MOST_CHARACTERS = 250_000;

export interface BulkOutcome {
  readonly results: readonly Record<string, unknown>[];
  readonly created: number;
  readonly deduplicated: number;
  readonly rejected: number;
}

/**
 * Submits any number of alerts, in as many requests as it takes, one after another.
 *
 * @throws CliError as the client. What was submitted before that stays so, and is told in the sentence.
 */
export async function submitAlerts(client: ApiClient, alerts: readonly unknown[]): Promise<BulkOutcome> {
  const results: Record<string, unknown>[] = [];
  for (const part of partsOf(alerts)) {
    try {
      const answer = await client.request('POST', '/alerts/bulk', { body: { alerts: part } });
      if (isRecord(answer) && Array.isArray(answer.results)) results.push(...answer.results.filter(isRecord));
    } catch (error) {
      if (!(error instanceof CliError) || results.length === 0) throw error;
      const message = `${error.message}\nThe first ${results.length} of ${alerts.length} alerts are submitted.`;
      throw new CliError(error.exitCode, message, { body: error.body, cause: error });
    }
  }
  const count = (wanted: string) => results.filter(({ outcome }) => outcome === wanted).length;
  return {
    results,
    created: count('created'),
    deduplicated: count('deduplicated'),
    rejected: count('rejected'),
  };
}

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
