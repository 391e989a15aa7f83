import type { Family, LabelValue } from './family.ts';
import { Histogram } from './histogram.ts';

/** The content type of the Prometheus text format 0.0.4. */
export const TEXT_FORMAT = 'text/plain; version=0.0.4; charset=utf-8';

/** A metric in the Prometheus text format 0.0.4, with its HELP and TYPE; without series just those. */
export function toText(family: Family<number> | Family<Histogram>): string {
  const { name, help, labels, type } = family;
  const lines = [`# HELP ${name} ${escaped(help)}`, `# TYPE ${name} ${type}`];
  for (const { labels: values, value } of family.series) {
    const pairs = labels.map((label, index) => `${label}="${escapedLabel(values[index] ?? '')}"`);
    if (value instanceof Histogram) lines.push(...histogramLines(name, pairs, value));
    else lines.push(`${name}${braced(pairs)} ${numeral(value)}`);
  }
  return `${lines.join('\n')}\n`;
}

function* histogramLines(
  name: string,
  pairs: readonly string[],
  { bounds, counts, sum }: Histogram,
): Generator<string> {
  let below = 0;
  for (const [index, count] of counts.entries()) {
    below += count;
    const bound = index < bounds.length ? numeral(bounds[index]!) : '+Inf';
    yield `${name}_bucket${braced([...pairs, `le="${bound}"`])} ${below}`;
  }
  yield `${name}_sum${braced(pairs)} ${numeral(sum)}`;
  yield `${name}_count${braced(pairs)} ${below}`;
}

const braced = (pairs: readonly string[]): string => (pairs.length === 0 ? '' : `{${pairs.join(',')}}`);

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');

const escapedLabel = (value: LabelValue): string => escaped(String(value)).replaceAll('"', '\\"');

function numeral(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return String(value);
}
