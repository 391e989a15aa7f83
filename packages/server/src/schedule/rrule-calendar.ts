import { RRuleTemporal } from 'rrule-temporal';
import type { LocalTimes } from './local-times.ts';
import { costOfPeriod, timesInPeriod, timesWorkedOut } from './rrule-size.ts';

const second = 1000;
const units: Record<string, number> = {
  SECONDLY: second,
  MINUTELY: 60 * second,
  HOURLY: 3600 * second,
  DAILY: 86_400 * second,
  WEEKLY: 604_800 * second,
};

/** The largest COUNT of a rule with BY… parts: its last occurrence is found by walking to it, once. */
export const maxWalkedCount = 3_000;
/** What that walk may take, in microseconds; each step of it takes up to 50. */
const walkBudget = 50_000;
/** Times that may be worked out for one period. */
const maxTimes = 500;
/** What the search for the next occurrence may take, in microseconds, where the periods below are not more. */
const searchBudget = 60_000;
/**
 * Periods that are searched whatever they cost: 40 years, in which every 29 February has been every day of the week, and two years of
 * weeks, in which every month has been.
 */
const leastPeriods: Record<string, number> = { YEARLY: 40, MONTHLY: 480, WEEKLY: 105 };
const leastOfOthers = 1_000;

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

  /**
   * @throws Error when more than 500 times would be worked out for a period, or it holds fewer than BYSETPOS wants; when COUNT with
   *   BY… parts is larger than 3,000, or would take too long to reach.
   */
  constructor(parts: ReadonlyMap<string, string>, start: number) {
    checkSize(parts);
    this.#rule = ruleOf(parts, start, periodsOf(parts));
    this.#last = lastOfCount(parts, start);
  }

  /** Null also where 40 years or some thousand periods after `afterWall` have nothing: the rule is then taken to have ended. */
  next(afterWall: number): number | null {
    if (afterWall >= this.#last) return null;
    const wall = tryNext(this.#rule, afterWall);
    return wall === null || wall > this.#last ? null : wall;
  }
}

function periodsOf(parts: ReadonlyMap<string, string>): number {
  const least = leastPeriods[parts.get('FREQ') ?? ''] ?? leastOfOthers;
  return Math.max(least, Math.floor(searchBudget / costOfPeriod(parts)));
}

function checkSize(parts: ReadonlyMap<string, string>): void {
  const frequency = `FREQ=${parts.get('FREQ')}`;
  const work = timesWorkedOut(parts);
  if (work > maxTimes) {
    throw new Error(
      `names up to ${work} times for one period of ${frequency}; at most ${maxTimes} can be worked out. Use another FREQ, or fewer days, BYHOUR, BYMINUTE and BYSECOND.`,
    );
  }
  const times = timesInPeriod(parts);
  const positions = parts.get('BYSETPOS')?.split(',').map(Number) ?? [];
  if (positions.length > 0 && positions.every((position) => Math.abs(position) > times))
    throw new Error(
      `has BYSETPOS \`${parts.get('BYSETPOS')}\`, but one period of ${frequency} has at most ${times} times.`,
    );
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
  // Twice as many as there are occurrences have to fit in any case, unless BYSETPOS makes each of them dear.
  const least = parts.has('BYSETPOS') ? 1 : (2 * maxWalkedCount) / timesWorkedOut(parts);
  const periods = Math.ceil(Math.max(least, walkBudget / costOfPeriod(parts)));
  try {
    return ruleOf(parts, start, periods, `;COUNT=${count}`).all().at(-1)?.epochMilliseconds ?? start;
  } catch (error) {
    throw new Error(`has COUNT \`${count}\`, which reaches too far into the future; use UNTIL.`, { cause: error });
  }
}
