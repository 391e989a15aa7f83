import type { MonitoringPoint } from '@ordinaut/kit';

/**
 * A point as a line of the InfluxDB line protocol, its time in nanoseconds; null where it has no field that can be written.
 * https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/
 *
 * Numbers of fields are floats, whatever their value: InfluxDB keeps the type that a field had first. The protocol cannot hold a
 * line break in a name or tag, nor every backslash: they become a space and a slash. An empty tag is left out, and what is no
 * finite number.
 *
 * @param extraTags tags of every point.
 * @param nanoseconds added to the time. A point with the same series, tags and time as another would replace it.
 */
export function lineOf(
  { series, eventTime, tags, fields }: MonitoringPoint,
  extraTags: Readonly<Record<string, string>>,
  nanoseconds = 0,
): string | null {
  const written = Object.entries(fields).flatMap(([name, value]) => {
    const text = fieldValue(value);
    return text === null || name === '' ? [] : [`${escaped(name, keys)}=${text}`];
  });
  if (written.length === 0) return null;
  const tagged = Object.entries({ ...extraTags, ...tags })
    .filter(([name, value]) => name !== '' && String(value) !== '')
    // As InfluxDB itself orders them, which spares it the work.
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `,${escaped(name, keys)}=${escaped(String(value), keys)}`);
  // A number holds the microseconds of our time exactly, not its nanoseconds.
  const time = BigInt(Math.round(eventTime * 1e6)) * 1000n + BigInt(nanoseconds);
  return `${escaped(series, measurement)}${tagged.join('')} ${written.join(',')} ${time}`;
}

const measurement = /[ ,]/g;
const keys = /[ ,=]/g;

const escaped = (text: string, special: RegExp): string =>
  text
    .replaceAll('\\', '/')
    .replace(/[\u0000-\u001f\u007f]/g, ' ')
    .replace(special, '\\$&');

function fieldValue(value: string | number): string | null {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : null;
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}
