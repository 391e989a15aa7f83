import type { Zone } from './zone.ts';

/** Local times, as walls, without regard to any zone: the first one after a wall, or null. */
export interface LocalTimes {
  next(afterWall: number): number | null;
}

const twoDays = 2 * 86_400_000;
/** Instants outside the years 1–9999 are not looked at: no calendar below has to think of the ends of time. */
const firstInstant = Date.parse('0001-01-02T00:00:00Z');
const lastInstant = Date.parse('9999-12-30T00:00:00Z');

/**
 * The first instant strictly after `after` at which one of the local times comes round in a zone.
 *
 * - A local time in a gap (clocks go forward) is shifted forward by the gap: 02:30 runs at 03:30. Where another local time
 *   already falls on that instant there is one fire, not two.
 * - A local time that occurs twice (clocks go back) runs at the first. With `repeats` it runs at both: a schedule of every
 *   hour or finer follows real time, and would otherwise pause for the length of the overlap.
 *
 * The offset changes of the zone are walked span by span, so the local times themselves never see a zone.
 */
export function nextInstant(zone: Zone, times: LocalTimes, after: number, repeats: boolean): number | null {
  if (after >= lastInstant) return null;
  let from = Math.max(after, firstInstant);
  for (let span = zone.spanAt(from), hops = 0; ; hops++) {
    const { start, end, offset, before } = span;
    // Walls below this were shown before the clocks went back.
    const seen = !repeats && before > offset ? start + before - 1 : Number.NEGATIVE_INFINITY;
    const wall = times.next(Math.max(from + offset, seen));
    const regular = wall === null || wall - offset >= end ? null : wall - offset;
    const shifted = shiftedIn(span, times, from);
    if (regular !== null || shifted !== null) {
      const found = Math.min(regular ?? Infinity, shifted ?? Infinity);
      return found < lastInstant ? found : null;
    }
    if (end === Number.POSITIVE_INFINITY) return null;

    let target = end;
    if (wall === null) {
      // Only an overlap can still bring back a wall that has been.
      if (!repeats || zone.spanAt(end).offset >= offset) return null;
    } else if (hops > 0) {
      target = Math.min(Math.max(end, wall - twoDays), lastInstant);
      if (target === lastInstant) return null;
    }
    span = zone.spanAt(target);
    from = Math.max(from, target - 1);
  }
}

/** The first fire after `from` of a wall that the gap at the start of this span left out. */
function shiftedIn(
  span: { start: number; end: number; offset: number; before: number },
  times: LocalTimes,
  from: number,
): number | null {
  const { start, end, offset, before } = span;
  if (offset <= before || from >= start + (offset - before)) return null;
  const wall = times.next(Math.max(from, start - 1) + before);
  if (wall === null || wall >= start + offset) return null;
  return wall - before < end ? wall - before : null;
}
