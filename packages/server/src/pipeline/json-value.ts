import { messageOf, RunFailure } from '../kernel/errors.ts';

/** Deeper values are left to `JSON.stringify`, which also finds circles. */
const maxDepth = 64;

/** Says that a value needs the slow way: it is not plain JSON, or it may be too large. */
const undecided = Symbol('undecided');

/**
 * What would come back of a value that was stored as JSON: a copy, so that the tool that answered it can go on changing its own.
 *
 * As in `JSON.stringify`, `toJSON` is called, `undefined` is left out of objects and is `null` elsewhere. Small plain values
 * take a third of the time of `JSON.parse(JSON.stringify(value))`; the size is then a safe estimate.
 *
 * @throws RunFailure `output_invalid` when it cannot be JSON, `output_too_large` above `maxBytes` of UTF-8.
 */
export function toJsonValue(value: unknown, maxBytes: number): unknown {
  const budget = { bytes: maxBytes };
  const copied = copy(value, budget, 0);
  if (copied !== undecided) return copied;
  const text = toJson(value);
  const bytes = Buffer.byteLength(text);
  if (bytes > maxBytes) {
    throw new RunFailure('output_too_large', `The output has ${bytes} bytes as JSON; the limit is ${maxBytes}.`);
  }
  return JSON.parse(text);
}

/** Bytes of a JSON value as UTF-8. */
export const jsonBytes = (value: unknown): number => Buffer.byteLength(toJson(value));

function toJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null';
  } catch (error) {
    throw new RunFailure('output_invalid', `The output cannot be written as JSON: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}

function copy(value: unknown, budget: { bytes: number }, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      // The longest form of a UTF-16 unit is \uXXXX.
      budget.bytes -= value.length * 6 + 3;
      break;
    case 'number':
      if (!Number.isFinite(value)) return undecided;
      budget.bytes -= 26;
      break;
    case 'boolean':
      budget.bytes -= 6;
      break;
    case 'object':
      budget.bytes -= 5;
      if (budget.bytes < 0 || depth === maxDepth) return undecided;
      if (value !== null)
        return Array.isArray(value) ? copyList(value, budget, depth) : copyObject(value, budget, depth);
      break;
    default:
      return undecided;
  }
  return budget.bytes < 0 ? undecided : value;
}

function copyList(list: readonly unknown[], budget: { bytes: number }, depth: number): unknown {
  if ('toJSON' in list) return undecided;
  const result: unknown[] = [];
  for (const item of list) {
    const copied = copy(item, budget, depth + 1);
    if (copied === undecided) return undecided;
    result.push(copied);
  }
  return result;
}

function copyObject(object: object, budget: { bytes: number }, depth: number): unknown {
  const prototype = Object.getPrototypeOf(object);
  if ((prototype !== Object.prototype && prototype !== null) || 'toJSON' in object) return undecided;
  const result: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(object)) {
    budget.bytes -= key.length * 6 + 4;
    const copied = key === '__proto__' ? undecided : copy(member, budget, depth + 1);
    if (copied === undecided) return undecided;
    result[key] = copied;
  }
  return result;
}
