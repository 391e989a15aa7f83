import { type Preview, PreviewInput } from '@ordinaut/contract';
import { badRequest } from '../kernel/errors.ts';
import { lazyCheck } from '../kernel/schema.ts';
import { implicitStart } from './implicit-start.ts';
import { previewSchedule } from './preview.ts';
import { ScheduleError } from './schedule-error.ts';

const PAST = 'a task runs it at once, or is refused when its misfire_policy is not run_once';
const checkInput = lazyCheck(PreviewInput);

/** Answers a request for a preview. @throws ApiError `bad_request` with every field that is wrong. */
export function readPreview(input: unknown, now: number): Preview {
  const issues = checkInput(input);
  if (issues.length > 0) throw badRequest(issues);
  const { schedule_kind, schedule_expr, event_topic, timezone, dtstart, count, from } = input as PreviewInput;
  const start = from === undefined ? now : Date.parse(from);
  const spec = {
    kind: schedule_kind,
    expr: schedule_expr ?? null,
    eventTopic: event_topic ?? null,
    timezone: timezone ?? 'UTC',
    dtstart:
      readStart(dtstart ?? null) ??
      (schedule_kind === 'rrule' ? implicitStart(schedule_expr ?? '', timezone ?? 'UTC', start) : null),
  };
  try {
    const preview = previewSchedule(spec, { count: count ?? 10, from: start });
    const isPast = schedule_kind === 'once' && preview.fire_times.length === 0;
    const description = isPast ? `${preview.description}, which is past: ${PAST}` : preview.description;
    return { ...preview, description, fire_times: [...preview.fire_times] };
  } catch (error) {
    if (error instanceof ScheduleError) throw badRequest(error.issues);
    throw error;
  }
}

function readStart(text: string | null): number | null {
  if (text === null) return null;
  const instant = Date.parse(text);
  if (Number.isNaN(instant)) {
    throw badRequest([
      { field: 'dtstart', issue: `is ${JSON.stringify(text)}; it must be an instant such as 2026-03-01T09:00:00Z` },
    ]);
  }
  return instant;
}
