import { CallHeaders, type FieldIssue } from '@ordinaut/contract';
import { lazyCheck } from '../kernel/schema.ts';

/** When something began and ended, epoch milliseconds. */
export interface EventTimes {
  readonly createTime: number;
  readonly endTime: number;
}

const checkHeaders = lazyCheck(CallHeaders);
const names = Object.keys(CallHeaders.properties) as (keyof CallHeaders)[];

/** Takes from the headers what is about events. */
export function readCallHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): {
  readonly values: CallHeaders;
  readonly issues: FieldIssue[];
} {
  const values: Record<string, unknown> = {};
  for (const name of names) {
    const value = headers[name.toLowerCase()];
    if (value !== undefined) values[name] = value;
  }
  return { values, issues: checkHeaders(values) };
}

/**
 * When an event was, from what is said of it. What is not said is now; but where one of them is said, the other is on the right side
 * of it, because clocks differ.
 *
 * @param said instants that can be read.
 */
export function eventTimes(said: { create?: string | undefined; end?: string | undefined }, now: number): EventTimes {
  const create = said.create === undefined ? null : Date.parse(said.create);
  const end = said.end === undefined ? null : Date.parse(said.end);
  return {
    createTime: create ?? Math.min(now, end ?? now),
    endTime: end ?? Math.max(now, create ?? now),
  };
}
