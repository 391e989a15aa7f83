import { didYouMean } from '../kernel/near.ts';
import { wrong } from './schedule-error.ts';

/** A stretch of time in which a zone keeps one offset. Instants are epoch milliseconds, offsets are milliseconds. */
export interface Span {
  /** First instant; -Infinity in a zone that never changes. */
  readonly start: number;
  /** First instant after it; Infinity for the last one. */
  readonly end: number;
  readonly offset: number;
  /** Offset before `start`; the same as `offset` where there is nothing before. */
  readonly before: number;
}

/**
 * The offsets of an IANA zone, kept as spans: finding one costs a binary search.
 *
 * A *wall* is what the clock on the wall shows, written as the milliseconds that UTC would have for it.
 */
export class Zone {
  readonly id: string;
  readonly #spans: Span[] = [];

  constructor(id: string) {
    this.id = id;
  }

  /** The span that holds an instant. */
  spanAt(instant: number): Span {
    let low = 0;
    let high = this.#spans.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const span = this.#spans[middle]!;
      if (span.end <= instant) low = middle + 1;
      else if (span.start > instant) high = middle;
      else return span;
    }
    const found = findSpan(this.id, instant);
    this.#spans.splice(low, 0, found);
    return found;
  }

  /** The clock on the wall at an instant. */
  wallAt(instant: number): number {
    return instant + this.spanAt(instant).offset;
  }

  /** The instant of a wall: in a gap it is shifted forward by the gap, in an overlap it is the first. */
  instantOf(wall: number): number {
    const local = new Date(wall).toISOString().slice(0, -1);
    return Temporal.PlainDateTime.from(local).toZonedDateTime(this.id, { disambiguation: 'compatible' })
      .epochMilliseconds;
  }

  /** An instant as the wall shows it, with its offset: `2026-03-29T03:30:00+02:00`. */
  show(instant: number): string {
    const { offset } = this.spanAt(instant);
    return `${showWall(instant + offset)}${showOffset(offset)}`;
  }
}

/** `2026-03-29T03:30:00`; with a fraction only where there is one. */
export const showWall = (wall: number): string => new Date(wall).toISOString().slice(0, -1).replace('.000', '');

function showOffset(offset: number): string {
  const seconds = Math.abs(offset) / 1000;
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const rest = seconds % 60 === 0 ? '' : `:${two(seconds % 60)}`;
  return `${offset < 0 ? '-' : '+'}${two(seconds / 3600)}:${two((seconds / 60) % 60)}${rest}`;
}

function findSpan(id: string, instant: number): Span {
  const at = (epochMs: number): Temporal.ZonedDateTime =>
    Temporal.Instant.fromEpochMilliseconds(epochMs).toZonedDateTimeISO(id);
  const offsetAt = (epochMs: number): number => at(epochMs).offsetNanoseconds / 1e6;
  // `previous` is strictly before, and a span includes its first instant.
  const start = at(instant + 1).getTimeZoneTransition('previous')?.epochMilliseconds ?? Number.NEGATIVE_INFINITY;
  const end = at(instant).getTimeZoneTransition('next')?.epochMilliseconds ?? Number.POSITIVE_INFINITY;
  const offset = offsetAt(instant);
  return { start, end, offset, before: Number.isFinite(start) ? offsetAt(start - 1) : offset };
}

const zones = new Map<string, Zone>();

/**
 * The zone of an IANA name, in any case: `Europe/Berlin`, `UTC`, `US/Eastern`.
 *
 * @throws ScheduleError (field `timezone`) for a name that is none, with the names most like it; offsets are refused.
 */
export function zoneOf(name: string): Zone {
  const known = zones.get(name);
  if (known) return known;
  const id = identify(name);
  const zone = zones.get(id) ?? new Zone(id);
  zones.set(id, zone);
  return zone;
}

function identify(name: string): string {
  if (/^[+-]|^(?:Z|\d.*)$/i.test(name)) {
    throw wrong('timezone', `\`${name}\` is an offset; use the name of a zone, for example Europe/Berlin or UTC.`);
  }
  try {
    return new Temporal.ZonedDateTime(0n, name).timeZoneId;
  } catch {
    const near = didYouMean(name, ['UTC', ...Intl.supportedValuesOf('timeZone')]);
    throw wrong('timezone', `\`${name}\` is not an IANA time zone.${near || ' Examples: UTC, Europe/Berlin.'}`);
  }
}
