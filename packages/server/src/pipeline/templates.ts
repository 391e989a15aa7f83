import { messageOf, RunFailure } from '../kernel/errors.ts';
import type { RunContext } from './context.ts';
import { type ContextExpression, compileTemplateExpression } from './context-expression.ts';
import { type Part, splitTemplate } from './scan.ts';
import { TemplateError } from './template-error.ts';

/** Gives the value for a context. @throws RunFailure `template_error`, and nothing else. */
export type Render = (context: RunContext) => unknown;

/** Levels of lists and objects in each other. */
const maxDepth = 100;
/** Characters of one rendered string. */
const maxText = 8_388_608;

/**
 * Compiles a value whose strings, at any depth, may hold `${…}` expressions. Keys are left alone.
 *
 * A string that is exactly one expression keeps the type of its value. In other strings lists and objects become JSON and
 * `null` becomes nothing. `$${` is a literal `${`. Parts without an expression are frozen and given as they are.
 *
 * @param stepId named in failures.
 * @example compileTemplate({ text: 'It is ${steps.weather.temperature} °C' })
 * @throws TemplateError for an expression that cannot be compiled.
 */
export function compileTemplate(value: unknown, stepId?: string): Render {
  const render = compileValue(value, 0);
  if (render === null) return () => value;
  return (context) => {
    try {
      return render(context);
    } catch (error) {
      const where = stepId === undefined ? '' : `Step ${stepId}: `;
      const options = stepId === undefined ? { cause: error } : { stepId, cause: error };
      throw new RunFailure('template_error', where + messageOf(error), options);
    }
  };
}

/** The renderer of a value; `null` for a value that is the same in every context. */
function compileValue(value: unknown, depth: number): Render | null {
  if (typeof value === 'string') return value.includes('${') ? compileText(value) : null;
  if (value === null || typeof value !== 'object') return null;
  if (depth === maxDepth) throw new TemplateError(`The input is nested deeper than ${maxDepth} levels.`, 0);
  const render = Array.isArray(value) ? compileList(value, depth) : compileObject(value, depth);
  // Every run is given the very same object: a tool that changes its input must not change the next run.
  if (render === null) Object.freeze(value);
  return render;
}

function compileList(list: readonly unknown[], depth: number): Render | null {
  const renders = list.map((item) => compileValue(item, depth + 1));
  if (renders.every((render) => render === null)) return null;
  return (context) =>
    list.map((item, index) => {
      const render = renders[index];
      return render ? render(context) : item;
    });
}

function compileObject(object: object, depth: number): Render | null {
  const fields = Object.entries(object).map(([key, value]) => ({ key, value, render: compileValue(value, depth + 1) }));
  if (fields.every(({ render }) => render === null)) return null;
  return (context) => {
    const result: Record<string, unknown> = {};
    for (const { key, value, render } of fields) {
      const rendered = render === null ? value : render(context);
      if (key === '__proto__') Object.defineProperty(result, key, { value: rendered, ...ownField });
      else result[key] = rendered;
    }
    return result;
  };
}

const ownField = { enumerable: true, configurable: true, writable: true };

function compileText(template: string): Render {
  const parts = splitTemplate(template).map((part) => ('text' in part ? part.text : compilePart(part)));
  const [only] = parts;
  if (parts.length === 1 && only !== undefined && typeof only !== 'string') return (context) => only.evaluate(context);
  return (context) => {
    let text = '';
    for (const part of parts) {
      text += typeof part === 'string' ? part : toText(part.evaluate(context));
      if (text.length > maxText) throw new Error(`A text would have more than ${maxText} characters.`);
    }
    return text;
  };
}

function compilePart({ expression, position }: Exclude<Part, { text: string }>): ContextExpression {
  try {
    return compileTemplateExpression(expression);
  } catch (error) {
    throw new TemplateError(`At position ${position + 1}: ${messageOf(error)}`, position, error);
  }
}

function toText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
