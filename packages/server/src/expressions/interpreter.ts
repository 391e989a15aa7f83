import { type compile, type JSONValue, TreeInterpreter } from '@jmespath-community/jmespath';
import { ExpressionError } from './expression-error.ts';
import { costOf, costOfResult } from './function-cost.ts';
import { anything, replaceFunctions } from './functions.ts';

type Interpreter = typeof TreeInterpreter;
type Node = ReturnType<typeof compile>;

/**
 * Steps one evaluation may take: about 50 ms, 200 ms at worst. A step is a node of the tree visited on one value; what a function,
 * a comparison or a slice has to go through costs steps by its size.
 */
const maxSteps = 500_000;
/** What the scope of a `let` costs: an interpreter of its own, with its functions. */
const scopeSteps = 80;

/** Name of the function that charges for the size of its argument; no expression can spell it. */
export const measured = ' measured';

// The library exports one shared interpreter; its class is reached through it, so that ours has functions of its own.
const Library = TreeInterpreter.constructor as new () => Interpreter;
const Runtime = TreeInterpreter.runtime.constructor as new (interpreter: Interpreter) => Interpreter['runtime'];

let stepsLeft = 0;

/** The library's functions, each at a price. */
class BoundedRuntime extends Runtime {
  override callFunction(name: string, args: Parameters<Interpreter['runtime']['callFunction']>[1]): JSONValue {
    if (name !== measured) spend(costOf(name, args));
    const result = super.callFunction(name, args);
    spend(costOfResult(result));
    return result;
  }
}

/** The library's interpreter with own fields only and with bounded work. */
class BoundedInterpreter extends Library {
  constructor() {
    super();
    this.runtime = new BoundedRuntime(this);
  }

  override visit(node: Parameters<Interpreter['visit']>[0], value: Parameters<Interpreter['visit']>[1]) {
    spend(1);
    if (node.type === 'Slice' && typeof value === 'string') spend(value.length >> 1);
    if (node.type !== 'Field') return super.visit(node, value);
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return null;
    // The library reads inherited fields too; `constructor` and `__proto__` are no data.
    const own = Object.getOwnPropertyDescriptor(value, node.name);
    return own === undefined ? null : ((value as Record<string, JSONValue>)[node.name] ?? null);
  }

  /** The library gives the inner scope of a `let` the functions of the outer one, where its variables are unknown. */
  override withScope(scope: Parameters<Interpreter['withScope']>[0]): Interpreter {
    spend(scopeSteps);
    const inner = super.withScope(scope);
    Object.setPrototypeOf(inner, BoundedInterpreter.prototype);
    inner.runtime = new BoundedRuntime(inner);
    equip(inner);
    return inner;
  }
}

function equip(interpreter: Interpreter): void {
  replaceFunctions(interpreter, spend);
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
    if (typeof next === 'string') spend(next.length >> 6);
    if (next === null || typeof next !== 'object') continue;
    const members = Object.values(next);
    // What has names costs three times as much to go through.
    spend(1 + (Array.isArray(next) ? 1 : 3) * members.length);
    for (const member of members) left.push(member);
  }
  return value;
}
