import { Manifest } from '@ordinaut/kit';
import { didYouMean } from '../../kernel/near.ts';
import { type Check, lazyCheck } from '../../kernel/schema.ts';
import { type ManifestProblem, pathOf } from './manifest-problem.ts';

const check: Check = lazyCheck(Manifest);

/** Why a manifest does not fit the schema; empty: it does. */
export function explainManifest(value: unknown): ManifestProblem[] {
  const issues = check(value);
  const fields = [...new Set(issues.map(({ field }) => field))];
  // `grants` may be a list or an object; where one of them fits so far, what is wrong inside says it.
  const isSaidInside = (field: string) =>
    fields.some((other) => other.startsWith(`${field}[`) || other.startsWith(`${field}.`));
  return fields
    .filter((field) => field === '' || !isSaidInside(field))
    .map((field) => {
      const told = issues.filter((issue) => issue.field === field).map(({ issue }) => issue);
      return {
        path: pathOf(field),
        sentence: `${field === '' ? 'The manifest' : field} ${reword(field, merge(told), value)}`,
      };
    });
}

/** `is 1; it must be an array` and `is 1; it must be an object` as one. */
function merge(issues: readonly string[]): string {
  const [first = '', ...rest] = issues;
  return rest.reduce((sentence, issue) => {
    const [before, wanted] = issue.split('; it must be ');
    return wanted !== undefined && sentence.startsWith(`${before}; it must be `)
      ? `${sentence} or ${wanted}`
      : `${sentence}, and ${issue}`;
  }, first);
}

/** Patterns in words. */
function reword(field: string, issue: string, value: unknown): string {
  const [before, pattern] = issue.split('; it must match pattern');
  if (pattern !== undefined) {
    const wanted = patterns.find(([fields]) => fields.test(field))?.[1];
    return wanted === undefined ? issue : `${before}; it must be ${wanted}`;
  }
  const [, allowed] = issue.split('; allowed: ');
  const found = pathOf(field).reduce<unknown>(
    (inner, part) => (inner as Record<string | number, unknown>)?.[part],
    value,
  );
  return allowed === undefined || typeof found !== 'string'
    ? issue
    : `${issue}.${didYouMean(found, allowed.split(', '))}`;
}

const patterns: readonly (readonly [RegExp, string])[] = [
  [/^id$/, 'made of letters, digits, - and _'],
  [/\.name$/, 'made of letters, digits, _, . and -'],
  [/^module$|\.dir$/, 'a path inside the folder of the extension, without a leading / and without ..'],
  [/\.at$/, 'a path that begins with /'],
  [/\.(publish|subscribe)\[\d+\]$/, 'names joined by single dots, like run.failed or weather.*'],
];
