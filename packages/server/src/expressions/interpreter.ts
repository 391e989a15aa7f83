import { type compile, type JSONValue, TreeInterpreter } from '@jmespath-community/jmespath';
import { ExpressionError } from './expression-error.ts';
import { anything, replaceFunctions } from './functions.ts';

type Interpreter = typeof TreeInterpreter;
type Node = ReturnType<typeof compile>;

/** Steps one evaluation may take: about 50 ms at worst. A step is a node of the tree visited on one value. */
const maxSteps = 500_000;

/** Name of the function that charges for the size of its argument; no expression can spell it. */
export const measured = ' measured';

// The library exports one shared interpreter; its class is reached through it, so that ours has functions of its own.
const Library = TreeInterpreter.constructor as new () => Interpreter;
const Runtime = TreeInterpreter.runtime.constructor as new (interpreter: Interpreter) => Interpreter['runtime'];

let stepsLeft = 0;

/** The library's interpreter with own fields only and with bounded work. */
class BoundedInterpreter extends Library {
  override visit(node: Parameters<Interpreter['visit']>[0], value: Parameters<Interpreter['visit']>[1]) {
    spend(1);
    if (node.type !== 'Field') return super.visit(node, value);
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return null;
    // The library reads inherited fields too; `constructor` and `__proto__` are no data.
    const own = Object.getOwnPropertyDescriptor(value, node.name);
    return own === undefined ? null : ((value as Record<string, JSONValue>)[node.name] ?? null);
  }

  /** The library gives the inner scope of a `let` the functions of the outer one, where its variables are unknown. */
  override withScope(scope: Parameters<Interpreter['withScope']>[0]): Interpreter {
    const inner = super.withScope(scope);
    Object.setPrototypeOf(inner, BoundedInterpreter.prototype);
    inner.runtime = new Runtime(inner);
    equip(inner);
    return inner;
  }
}

function equip(interpreter: Interpreter): void {
  replaceFunctions(interpreter);
  interpreter.runtime.registerFunction(measured, ([value]) => measure(value as JSONValue), anything);
}

const interpreter = new BoundedInterpreter();
equip(interpreter);

/** The names of all functions an expression may call. */
export const functionNames: readonly string[] = interpreter.runtime.getRegistered().filter((name) => name !== measured);

/**
 * Evaluates a compiled tree.
 *
 * @throws ExpressionError when it would take more than 500,000 steps; the library's own errors as they are.
 */
export function evaluate(node: Node, context: unknown): JSONValue {
  stepsLeft = maxSteps;
  return interpreter.search(node, context as JSONValue);
}

function spend(steps: number): void {
  stepsLeft -= steps;
  if (stepsLeft < 0) throw new ExpressionError(`it takes more than ${maxSteps} steps; narrow down what it looks at`);
}

/** `[@, @] | [@, @] | …` is small in memory and endless once it is written out: its size counts as work. */
function measure(value: JSONValue): JSONValue {
  const left: unknown[] = [value];
  while (left.length > 0) {
    const next = left.pop();
    if (next === null || typeof next !== 'object') continue;
    const members = Object.values(next);
    spend(1 + members.length);
    for (const member of members) left.push(member);
  }
  return value;
}
