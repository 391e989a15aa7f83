import { compileExpression, ExpressionError } from '../expressions/jmespath.ts';
import { findReferences, type Reference } from '../expressions/references.ts';
import { toIso } from '../kernel/clock.ts';
import { didYouMean, nearMatches } from '../kernel/near.ts';
import { contextRoots, type RunContext } from './context.ts';
import { splitTemplate } from './scan.ts';

/** An expression over the context of a run. */
export interface ContextExpression {
  readonly text: string;
  readonly references: readonly Reference[];
  /** @throws ExpressionError when it fails, or when a name that it needs does not exist. */
  evaluate(context: RunContext): unknown;
}

const nowForm = /^\s*now\s*([+-])\s*(\d{1,12})\s*([smhdw])\s*$/;
const unitMs: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/**
 * Compiles what stands between `${` and `}`: JMESPath, or `now` with a distance such as `now+24h` or `now-15m` (s, m, h, d, w).
 *
 * A step or param that does not exist at all is an error where the value needs it (`params.unknown`), and `null` where the
 * expression asks for it (`params.unknown || 'x'`, `params.unknown == null`).
 *
 * @throws ExpressionError
 */
export function compileTemplateExpression(text: string): ContextExpression {
  const [, sign, amount, unit = ''] = nowForm.exec(text) ?? [];
  if (amount === undefined) return compileContextExpression(text, true);
  const distance = Number(amount) * (unitMs[unit] ?? 0) * (sign === '-' ? -1 : 1);
  return {
    text,
    references: [],
    evaluate: (context) => {
      const instant = Date.parse(context.now) + distance;
      // ECMA-262, 21.4.1.1: a time value is at most 8.64e15 ms.
      if (Math.abs(instant) > 8.64e15) throw new ExpressionError(`\`${text}\` is further away than dates reach.`);
      return toIso(instant);
    },
  };
}

/**
 * Compiles an `if` or `for_each`: JMESPath, bare or in one `${…}`. A param that does not exist is `null` here.
 *
 * @throws ExpressionError or TemplateError
 */
export function compileCondition(text: string): ContextExpression {
  const trimmed = text.trim();
  if (!trimmed.startsWith('${')) return compileContextExpression(trimmed, false);
  const [part, ...more] = splitTemplate(trimmed);
  if (part === undefined || 'text' in part || more.length > 0) {
    throw new ExpressionError('It has to be one expression, bare or with one `${…}` around all of it.');
  }
  return compileContextExpression(part.expression, false);
}

function compileContextExpression(text: string, needsParams: boolean): ContextExpression {
  const evaluate = compileExpression(text);
  const references = findReferences(text);
  const needed = references.filter(({ root, name, required }) => {
    return required && (name === null || root === 'steps' || (root === 'params' && needsParams));
  });
  return {
    text,
    references,
    evaluate: (context) => {
      for (const reference of needed) requireName(text, reference, context);
      return evaluate(context);
    },
  };
}

function requireName(text: string, { root, name }: Reference, context: RunContext): void {
  if (name === null) {
    if (!Object.hasOwn(context, root)) throw new ExpressionError(`\`${text}\`: ${noSuchRoot(root)}`);
    return;
  }
  const names = root === 'steps' ? context.steps : context.params;
  if (!Object.hasOwn(names, name)) {
    throw new ExpressionError(`\`${text}\`: ${noSuchName(root, name, Object.keys(names))}`);
  }
}

/** ``there is no `parms` here. Did you mean params?`` */
export function noSuchRoot(root: string, roots = contextRoots): string {
  const begin = `An expression begins with ${roots.join(', ')}.`;
  return `there is no \`${root}\` here.${didYouMean(root, roots) || ` ${begin}`}`;
}

/** ``there is no `steps.wether`. Did you mean steps.weather?`` */
export function noSuchName(root: string, name: string, known: readonly string[]): string {
  const near = nearMatches(name, known).map((other) => `${root}.${spell(other)}`);
  const hint = near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : '';
  return `there is no \`${root}.${spell(name)}\`.${hint}`;
}

/** A name as an expression has to write it: `fetch-all` would be a subtraction. */
const spell = (name: string): string => (/^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name));
