import { RRuleTemporal } from 'rrule-temporal';
import type { LocalTimes } from './local-times.ts';

const second = 1000;
const units: Record<string, number> = {
  SECONDLY: second,
  MINUTELY: 60 * second,
  HOURLY: 3600 * second,
  DAILY: 86_400 * second,
  WEEKLY: 604_800 * second,
};

/** The largest COUNT of a rule with BY… parts: its last occurrence is found by walking to it, once. */
export const maxWalkedCount = 10_000;

/**
 * The local times of an RRULE.
 *
 * rrule-temporal works on the wall clock as if it were UTC, where a step costs 7–50 µs however far DTSTART lies back, and
 * where its own ideas of gaps (a time that does not exist is left out) do not come in.
 */
export class RruleCalendar implements LocalTimes {
  readonly #rule: RRuleTemporal;
  /** The last local time that COUNT allows, or Infinity. */
  readonly #last: number;

  /** @throws Error when COUNT with BY… parts is larger than 10,000, or is not reached within 200,000 periods. */
  constructor(parts: ReadonlyMap<string, string>, start: number) {
    this.#rule = ruleOf(parts, start, 10_000);
    this.#last = lastOfCount(parts, start);
  }

  /** Null also where 10,000 periods after `afterWall` have nothing: the rule is then taken to have ended. */
  next(afterWall: number): number | null {
    if (afterWall >= this.#last) return null;
    const wall = tryNext(this.#rule, afterWall);
    return wall === null || wall > this.#last ? null : wall;
  }
}

function ruleOf(parts: ReadonlyMap<string, string>, start: number, maxIterations: number, count = ''): RRuleTemporal {
  // COUNT and UNTIL are kept by the caller: here they would make each step start again at DTSTART.
  const rule = [...parts]
    .filter(([name]) => name !== 'COUNT' && name !== 'UNTIL')
    .map(([name, value]) => `${name}=${value}`);
  return new RRuleTemporal({
    rruleString: `RRULE:${rule.join(';')}${count}`,
    dtstart: Temporal.Instant.fromEpochMilliseconds(start).toZonedDateTimeISO('UTC'),
    tzid: 'UTC',
    maxIterations,
    cache: false,
  });
}

function tryNext(rule: RRuleTemporal, after: number): number | null {
  try {
    return rule.next(new Date(after))?.epochMilliseconds ?? null;
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('Maximum ')) return null;
    throw error;
  }
}

function lastOfCount(parts: ReadonlyMap<string, string>, start: number): number {
  const count = Number(parts.get('COUNT') ?? 0);
  if (count === 0) return Number.POSITIVE_INFINITY;
  const unit = units[parts.get('FREQ') ?? ''];
  const narrowed = [...parts.keys()].some((name) => name.startsWith('BY'));
  if (unit !== undefined && !narrowed) return start + (count - 1) * Number(parts.get('INTERVAL') ?? 1) * unit;
  if (count > maxWalkedCount) {
    throw new Error(`has COUNT \`${count}\`; with this FREQ and BY… parts it is 1-${maxWalkedCount}, or use UNTIL.`);
  }
  try {
    return ruleOf(parts, start, 200_000, `;COUNT=${count}`).all().at(-1)?.epochMilliseconds ?? start;
  } catch (error) {
    throw new Error(`has COUNT \`${count}\`, which reaches too far into the future; use UNTIL.`, { cause: error });
  }
}
