import type { Figure } from './figure.ts';

const HEAD = ['figure', 'ours', 'beside', 'ratio', 'to reach', 'reached'];
/** Columns that hold numbers and are set to the right. */
const RIGHT = new Set([1, 3]);

/** The figures of a benchmark as a table for a terminal. */
export const tableOf = (figures: readonly Figure[]): string => laidOut([HEAD, ...figures.map(rowOf)], RIGHT);

/** What each side did, case by case. */
export interface Sides {
  readonly names: readonly string[];
  /** Of each case, what is told of every side, in the order of their names. */
  readonly cases: readonly { readonly what: string; readonly told: readonly string[] }[];
}

/** The same of several sides that did the same. */
export const tableOfSides = ({ names, cases }: Sides): string =>
  laidOut([['', ...names], ...cases.map(({ what, told }) => [what, ...told])], new Set());

function laidOut(rows: readonly (readonly string[])[], right: ReadonlySet<number>): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (right.has(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
  lines.splice(1, 0, widths.map((width) => '─'.repeat(width)).join('  '));
  return lines.map((line) => `  ${line}`).join('\n');
}

const rowOf = (figure: Figure): string[] => [
  figure.what,
  `${rounded(figure.value)} ${figure.unit}`,
  figure.beside === null ? '' : `${figure.beside.who} ${rounded(figure.beside.value)} ${figure.unit}`,
  figure.ratio === null ? '' : `${figure.ratio.toFixed(2)} ×`,
  figure.toReach ?? '',
  figure.reached === null ? '' : figure.reached ? 'yes' : 'NO',
];

/** Three figures that count; counts, and whole numbers from a hundred on, with the thousands set apart. */
export function rounded(value: number): string {
  const size = Math.abs(value);
  if (size >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString('en-US');
  return size >= 10 ? value.toFixed(1) : size >= 1 ? value.toFixed(2) : value.toFixed(3);
}
