import type { Handlers } from '../call.ts';
import { badRequest, type TestError } from '../test-error.ts';
import { fireTimes } from './fire-times.ts';

export const scheduleHandlers: Handlers<'schedules'> = {
  'schedules.preview': ({ world, body }) => {
    const from = body.from === undefined ? world.clock.now() : Date.parse(body.from);
    const times = fireTimes(body, from, body.count ?? 10);
    if (times === null) throw cannotTell(body.schedule_kind, body.schedule_expr ?? '');
    return {
      timezone: body.timezone ?? 'UTC',
      description: [body.schedule_kind, body.schedule_expr ?? body.event_topic].filter(Boolean).join(' '),
      fire_times: times.map((at) => {
        const iso = new Date(at).toISOString();
        return { at: iso, local: iso.replace('Z', '+00:00'), note: null };
      }),
    };
  },
};

const cannotTell = (kind: string, expression: string): TestError =>
  badRequest([
    {
      field: 'schedule_expr',
      issue:
        `is the ${kind} ${JSON.stringify(expression)}, which a test server does not calculate; ` +
        'it knows once, and cron of five numeric fields in UTC',
    },
  ]);
