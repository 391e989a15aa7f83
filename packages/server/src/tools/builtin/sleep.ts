import Type from 'typebox';
import { type Clock, toIso } from '../../kernel/clock.ts';
import { RunFailure } from '../../kernel/errors.ts';
import { defineTool } from '../define-tool.ts';
import { Suspension } from '../suspension.ts';
import type { Tool } from '../tool.ts';

/** The longest wait: a year. */
const maxSeconds = 366 * 86_400;

/**
 * Waits durably: the run is parked and no worker is held.
 *
 * The output is `{until}`. A moment that has passed does not wait.
 */
export const sleep = (clock: Clock): Tool =>
  defineTool({
    name: 'core.sleep',
    description: 'Waits for some seconds or until a moment. The wait survives a restart and holds no worker.',
    input: Type.Object(
      {
        seconds: Type.Optional(Type.Number({ minimum: 0, maximum: maxSeconds, description: 'How long' })),
        until: Type.Optional(
          Type.String({ format: 'date-time', description: 'ISO 8601 with an offset, at most 366 days from now' }),
        ),
      },
      { additionalProperties: false, minProperties: 1, maxProperties: 1 },
    ),
    annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: false },
    scopes: [],
    async call({ seconds, until }) {
      const now = clock.now();
      const wakeAt = until === undefined ? now + Math.round((seconds ?? 0) * 1000) : Date.parse(until);
      if (!Number.isFinite(wakeAt) || wakeAt - now > maxSeconds * 1000) {
        throw new RunFailure('input_invalid', `core.sleep waits at most 366 days; until is ${until}.`);
      }
      const output = { until: toIso(wakeAt) };
      return wakeAt <= now ? output : new Suspension(wakeAt, output);
    },
  });
