import { usageError } from './exit-codes.ts';
import { defined, numberOrText, parseJson, parsePairs, readJson } from './input.ts';
import { isRecord } from './is-record.ts';

/** Flags of `task create`. */
export interface CreateFlags {
  readonly file?: string;
  readonly title?: string;
  readonly description?: string;
  readonly cron?: string;
  readonly rrule?: string;
  readonly once?: string;
  readonly event?: string;
  readonly condition?: string;
  readonly timezone?: string;
  readonly step?: string[];
  readonly param?: string[];
  readonly priority?: string;
  readonly maxRetries?: string;
}

/**
 * The body of `POST /tasks` from the flags of `task create`. What it holds is checked by the server.
 *
 * @throws CliError with exit code 2 for flags and files that cannot be read.
 */
export async function readTaskInput(flags: CreateFlags): Promise<Record<string, unknown>> {
  const file = flags.file === undefined ? {} : await readJson(flags.file);
  if (!isRecord(file)) throw usageError(`${flags.file} must hold a JSON object, the task.`);
  const payload = isRecord(file.payload) ? file.payload : {};
  const params = flags.param && parsePairs(flags.param, '--param');
  const steps = flags.step?.map((step) => parseJson(step, `--step ${step}`));
  const input = {
    ...file,
    ...scheduleOf(flags),
    ...defined({
      title: flags.title,
      description: flags.description,
      timezone: flags.timezone,
      priority: numberOrText(flags.priority),
      max_retries: numberOrText(flags.maxRetries),
    }),
    ...(params || steps || file.payload === undefined
      ? {
          payload: {
            ...payload,
            ...(params ? { params: { ...(isRecord(payload.params) ? payload.params : {}), ...params } } : {}),
            pipeline: steps ?? payload.pipeline ?? [],
          },
        }
      : {}),
  };
  if (!('schedule_kind' in input)) {
    throw usageError('A task needs a schedule: give --cron, --rrule, --once or --event, or a --file that has one.');
  }
  return input;
}

function scheduleOf({ cron, rrule, once, event, condition }: CreateFlags): Record<string, unknown> {
  const given = Object.entries({
    cron,
    rrule,
    once,
    event: condition === undefined ? event : undefined,
    condition,
  }).filter(([, value]) => value !== undefined);
  if (given.length > 1) {
    throw usageError(`A task has one schedule, but there are ${given.map(([name]) => `--${name}`).join(' and ')}.`);
  }
  const [kind, expression] = given[0] ?? [];
  if (kind === undefined) return {};
  if (kind === 'event') return { schedule_kind: 'event', event_topic: event };
  if (kind === 'condition') {
    if (event === undefined) throw usageError('--condition needs --event, the topic of the events that it looks at.');
    return { schedule_kind: 'condition', schedule_expr: expression, event_topic: event };
  }
  return { schedule_kind: kind, schedule_expr: expression };
}
