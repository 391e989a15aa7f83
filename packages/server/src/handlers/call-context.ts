import type { FieldIssue, GenerateQuery } from '@ordinaut/contract';
import type { Caller } from '../identity/caller.ts';
import { badRequest } from '../kernel/errors.ts';
import { splitTags, tagIssues } from './event-tags.ts';
import { type EventTimes, eventTimes, readCallHeaders } from './event-times.ts';

/** A request to a handler. */
export interface HandlerCall {
  readonly handlerId: string;
  /** `Luna-Request-Id` */
  readonly requestId: string;
  readonly by: Pick<Caller, 'principal' | 'identity' | 'scopes'>;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** Runs work when the answer is written, or its client has gone. */
  afterAnswer(work: () => void): void;
}

/** What a request says of its events. */
export interface CallContext {
  readonly accountId: string;
  readonly times: EventTimes;
  readonly tags: readonly string[];
}

const NOBODY = '00000000-0000-0000-0000-000000000000';

/** @throws ApiError `bad_request` naming every header and query value that is wrong. */
export function readCallContext(
  { headers, by }: Pick<HandlerCall, 'headers' | 'by'>,
  query: Pick<GenerateQuery, 'tags'>,
  now: number,
): CallContext {
  const { values, issues: wrong } = readCallHeaders(headers);
  const issues: FieldIssue[] = [...wrong];
  const tags = splitTags(query.tags);
  issues.push(...tagIssues(tags, 'tags'));
  const said = { create: values['Luna-Event-Time'], end: values['Luna-Event-End-Time'] };
  if (wrong.length === 0) {
    const { createTime, endTime } = eventTimes(said, now);
    if (endTime < createTime) {
      const issue = `is ${said.end}, before Luna-Event-Time, which is ${said.create}`;
      issues.push({ field: 'Luna-Event-End-Time', issue });
    }
  }
  if (issues.length > 0) throw badRequest(issues);
  const account = values['Luna-Account-Id']?.toLowerCase().replace(/^urn:uuid:/, '');
  return { accountId: account ?? by.identity?.id ?? NOBODY, times: eventTimes(said, now), tags };
}
