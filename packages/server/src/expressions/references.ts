import { compile } from '@jmespath-community/jmespath';
import { writeBareLiterals } from './bare-literals.ts';

type Node = ReturnType<typeof compile>;

/** A name at the root of the context that an expression certainly looks at. */
export interface Reference {
  /** `steps` in `steps.weather.temperature`. */
  readonly root: string;
  /** `weather` in `steps.weather.temperature`; `null` when only the root is certain. */
  readonly name: string | null;
  /** Whether the value makes no sense without it; false on the sides of `||`, `&&`, `!`, `?:`, comparisons and in `not_null()`. */
  required: boolean;
}

/**
 * What a valid expression certainly looks at; where it is not certain (inside projections and filters) nothing is said.
 */
export function findReferences(text: string): Reference[] {
  const found = new Map<string, Reference>();
  const note = (root: string, name: string | null, required: boolean): void => {
    const key = JSON.stringify([root, name]);
    const known = found.get(key);
    if (known) known.required ||= required;
    else found.set(key, { root, name, required });
  };
  walk(compile(writeBareLiterals(text)), [], true, note);
  return [...found.values()];
}

/** The path of a value from the root of the context, at most two names; `null` when it is not certain. */
type Path = readonly string[] | null;

function walk(
  node: Node,
  here: Path,
  required: boolean,
  note: (root: string, name: string | null, required: boolean) => void,
): Path {
  const visit = (child: Node, from: Path, needed = required): Path => walk(child, from, needed, note);
  switch (node.type) {
    case 'Field': {
      if (here === null || here.length === 2) return null;
      const [root] = here;
      if (root === undefined) note(node.name, null, required);
      else note(root, node.name, required);
      return [...here, node.name];
    }
    case 'Root':
      return [];
    case 'Current':
    case 'Identity':
      return here;
    case 'Subexpression':
    case 'Pipe':
    case 'IndexExpression':
      return visit(node.right, visit(node.left, here));
    case 'Projection':
    case 'ValueProjection':
      visit(node.left, here);
      visit(node.right, null, false);
      return null;
    case 'FilterProjection':
      visit(node.left, here);
      visit(node.condition, null, false);
      visit(node.right, null, false);
      return null;
    case 'AndExpression':
    case 'OrExpression':
    case 'Comparator':
      visit(node.left, here, false);
      visit(node.right, here, false);
      return null;
    case 'Arithmetic':
      visit(node.left, here);
      visit(node.right, here);
      return null;
    case 'Unary':
      visit(node.operand, here);
      return null;
    case 'NotExpression':
      visit(node.child, here, false);
      return null;
    case 'Flatten':
      visit(node.child, here);
      return null;
    case 'ExpressionReference':
      visit(node.child, null, false);
      return null;
    case 'Ternary':
      visit(node.condition, here, false);
      visit(node.trueExpr, here, false);
      visit(node.falseExpr, here, false);
      return null;
    case 'Function':
      for (const child of node.children) visit(child, here, required && node.name !== 'not_null');
      return null;
    case 'MultiSelectList':
      for (const child of node.children) visit(child, here);
      return null;
    case 'MultiSelectHash':
      for (const child of node.children) visit(child.value, here);
      return null;
    case 'LetExpression':
      for (const binding of node.bindings) visit(binding.reference, here);
      visit(node.expression, here);
      return null;
    default:
      // Literals, variables, indexes and slices look at nothing of the context by name.
      return null;
  }
}
