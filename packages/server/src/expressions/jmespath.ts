import { compile, type JSONValue } from '@jmespath-community/jmespath';
import { LRUCache } from 'lru-cache';
import { messageOf } from '../kernel/errors.ts';
import { didYouMean } from '../kernel/near.ts';
import { writeBareLiterals } from './bare-literals.ts';
import { ExpressionError, quote } from './expression-error.ts';
import { evaluate, functionNames, measured } from './interpreter.ts';
import { liftNot } from './lift-not.ts';

export { ExpressionError } from './expression-error.ts';

/** A compiled expression: give it a context, get the value; what is not there is `null`. */
export type Expression = (context: unknown) => unknown;

type Node = ReturnType<typeof compile>;
/** One whose sides can be changed. */
interface Comparator {
  readonly name: string;
  left: Node;
  right: Node;
}

const maxLength = 4000;
/** Depth of the tree: `a.b.c` is 3. The interpreter recurses once per level. */
const maxDepth = 250;

const cache = new LRUCache<string, Expression>({ max: 5000 });

/**
 * Compiles an expression of JMESPath, Community edition (arithmetic `+ - * / // %`, `let`, ternary `a ? b : c` included).
 *
 * Beyond the specification bare numbers and the bare words `true`, `false` and `null` are literals: `x.temperature > 25`,
 * `x.ok == true`; `!` takes the whole path
 * after it: `!x.ok`. Only own fields of an object are seen: `constructor` and `__proto__` are `null` unless the data has them.
 * Results are cached by text. Literals in a result are frozen: they are shared by all evaluations.
 *
 * Bounds: 4000 characters, 64 brackets inside each other, a tree of depth 250, 500,000 steps an evaluation, texts of
 * 4,000,000 characters.
 *
 * @example compileExpression('items[?price < 10].name')({ items: [{ name: 'tea', price: 4 }] }) // ['tea']
 * @throws ExpressionError here for text that is no expression; the compiled function throws it when an evaluation fails,
 *   for example `length(5)`.
 */
export function compileExpression(text: string): Expression {
  const known = cache.get(text);
  if (known) return known;
  if (text.length > maxLength) {
    throw new ExpressionError(`The expression has ${text.length} characters; it may have ${maxLength}.`);
  }
  if (text.trim() === '') throw new ExpressionError('The expression is empty.');
  const expression = toExpression(text, parse(text));
  cache.set(text, expression);
  return expression;
}

/** Truth in JMESPath: `false`, `null`, the empty text, list and object are false, everything else (also 0) is true. */
export function isTruthy(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === '') return false;
  if (typeof value !== 'object') return true;
  return Array.isArray(value) ? value.length > 0 : Object.keys(value).length > 0;
}

function parse(text: string): Node {
  const written = writeBareLiterals(text);
  let tree: Node;
  try {
    tree = compile(written);
  } catch (error) {
    throw new ExpressionError(`${quote(text)} is not an expression: ${reasonOf(error)}.`, { cause: error });
  }
  return liftNot(review(text, tree));
}

function toExpression(text: string, tree: Node): Expression {
  return (context) => {
    try {
      return evaluate(tree, context);
    } catch (error) {
      throw new ExpressionError(`${quote(text)} cannot be evaluated: ${reasonOf(error)}.`, { cause: error });
    }
  };
}

function reasonOf(error: unknown): string {
  // The parser runs past the end of its tokens, or recurses too deep.
  if (error instanceof TypeError) return 'it ends too early';
  if (error instanceof RangeError) return 'it is nested too deep';
  return messageOf(error)
    .replace(/^syntax(?: error)?[:,] */i, '')
    .replace(/\.$/, '');
}

/** Checks what the parser lets through, freezes literals, and makes results that may share parts pay for their size. */
function review(text: string, tree: Node): Node {
  let shares = false;
  const comparators: Comparator[] = [];
  const calls: { children: Node[] }[] = [];
  const left: { node: Node; depth: number }[] = [{ node: tree, depth: 1 }];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { node, depth } = next;
    if (depth > maxDepth) throw new ExpressionError(`${quote(text)} is nested deeper than ${maxDepth}; split it up.`);
    if (node.type === 'Binding') throw new ExpressionError(`${quote(text)} ${bindsNothing}`);
    if (node.type === 'LetExpression') {
      // Cast by the parser, whatever they are.
      if (node.bindings.some(({ type }) => type !== 'Binding'))
        throw new ExpressionError(`${quote(text)} ${bindsNothing}`);
      const parts = [...node.bindings.map(({ reference }) => reference), node.expression];
      for (const part of parts) left.push({ node: part, depth: depth + 1 });
      continue;
    }
    if (node.type === 'Function') {
      if (!functionNames.includes(node.name)) {
        const near = didYouMean(node.name, functionNames);
        throw new ExpressionError(`${quote(text)} calls \`${node.name}()\`, which does not exist.${near}`);
      }
      if (node.name === 'to_string') calls.push(node);
      shares ||= node.name === 'zip';
    } else if (node.type === 'Comparator') {
      comparators.push(node);
    } else if (node.type === 'Literal') {
      freeze(node.value);
    } else if (node.type === 'MultiSelectHash' || node.type === 'MultiSelectList') {
      shares = true;
      for (const child of node.children) {
        if ('name' in child && child.name === '__proto__') {
          throw new ExpressionError(`${quote(text)} makes an object with the key \`__proto__\`; use another name.`);
        }
      }
    }
    for (const child of childrenOf(node)) left.push({ node: child, depth: depth + 1 });
  }
  for (const comparator of comparators) {
    if (isCheap(comparator)) continue;
    comparator.left = charge(comparator.left);
    comparator.right = charge(comparator.right);
  }
  for (const call of calls) call.children = call.children.map(charge);
  return shares ? charge(tree) : tree;
}

/** Whether a comparison looks at little, whatever the data: at numbers, or at a literal text, number or truth value. */
const isCheap = ({ name, left, right }: Comparator): boolean =>
  (name !== 'EQ' && name !== 'NE') ||
  [left, right].some((side) => side.type === 'Literal' && (side.value === null || typeof side.value !== 'object'));

const bindsNothing = 'uses `=` other than in `let $name = value in …`; compare with `==`.';

const charge = (node: Node): Node => ({ type: 'Function', name: measured, children: [node] });

function childrenOf(node: Node): Node[] {
  // The value of a literal is data and may look like a node.
  if (node.type === 'Literal') return [];
  return Object.values(node)
    .flat()
    .filter((value): value is Node => value !== null && typeof value === 'object' && 'type' in value);
}

function freeze(value: JSONValue): void {
  if (value === null || typeof value !== 'object') return;
  for (const member of Object.values(value)) freeze(member);
  Object.freeze(value);
}
