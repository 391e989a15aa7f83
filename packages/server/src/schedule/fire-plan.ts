import type { MisfirePolicy } from '@ordinaut/contract';
import type { TimeSchedule } from './schedule.ts';

/** What the scheduler does with a due task. Instants are epoch milliseconds. */
export interface FirePlan {
  /** Nominal times to run, oldest first. */
  readonly fires: readonly number[];
  /** When the task is due next; null where nothing is left. It may be due already: then plan again. */
  readonly next: number | null;
  /** Whether `next` is still to come. */
  readonly caughtUp: boolean;
}

export interface DueTask {
  readonly schedule: TimeSchedule;
  /** The fire time that is due. */
  readonly nominal: number;
  readonly now: number;
  readonly policy: MisfirePolicy;
  /** A fire time is missed when it is more than this before `now`, milliseconds. */
  readonly graceMs: number;
  /** Most fires of one plan, for `run_all`; default 1000. */
  readonly limit?: number;
}

/**
 * Decides what a due fire time brings.
 *
 * - `nominal` after `now` (the clock was set back): nothing fires, `next` stays `nominal`.
 * - Not missed: it fires; `next` is the one after it, whatever the policy.
 * - Missed: `skip` drops every missed fire time; the oldest that is not missed fires when it is due already. `run_once`
 *   fires once for all that is past, with the latest fire time up to `now` as nominal. `run_all` fires every one up to
 *   `now`, `limit` at a time.
 *
 * No policy fires a time twice when each plan starts at the `next` of the one before, and `run_all` loses none.
 */
export function planFire({ schedule, nominal, now, policy, graceMs, limit = 1000 }: DueTask): FirePlan {
  if (nominal > now) return { fires: [], next: nominal, caughtUp: true };
  const after = (fires: readonly number[], last: number): FirePlan => {
    const next = schedule.nextAfter(last);
    return { fires, next, caughtUp: next === null || next > now };
  };
  if (now - nominal <= graceMs) return after([nominal], nominal);

  if (policy === 'skip') {
    // `nominal` itself is missed, so this starts after it.
    const next = schedule.nextAfter(Math.ceil(now - graceMs) - 1);
    return next === null || next > now ? { fires: [], next, caughtUp: true } : after([next], next);
  }
  if (policy === 'run_once') {
    const latest = latestUpTo(schedule, nominal, now);
    return after([latest], latest);
  }
  const fires = [nominal];
  for (let last = nominal; fires.length < limit; ) {
    const next = schedule.nextAfter(last);
    if (next === null || next > now) return { fires, next, caughtUp: true };
    fires.push(next);
    last = next;
  }
  return after(fires, fires.at(-1) ?? nominal);
}

/**
 * The latest fire time up to `now`, where `known` is one: windows of doubling length back from `now`, then halving the one
 * that has a fire. A year of a minutely schedule takes some thirty steps, not half a million.
 */
function latestUpTo(schedule: TimeSchedule, known: number, now: number): number {
  const firstIn = (after: number): number | null => {
    const next = schedule.nextAfter(after);
    return next === null || next > now ? null : next;
  };
  let latest = known;
  // No fire time lies after this and up to `now`.
  let empty = now;
  for (let window = 1000; latest === known && empty > known; window *= 2) {
    const start = Math.max(known, now - window);
    const found = firstIn(start);
    if (found === null) empty = start;
    else latest = found;
  }
  while (empty > latest) {
    const later = firstIn(latest);
    if (later === null) break;
    latest = later;
    const middle = Math.floor((latest + empty) / 2);
    const beyond = middle > latest ? firstIn(middle) : null;
    if (beyond === null) empty = middle;
    else latest = beyond;
  }
  return latest;
}
