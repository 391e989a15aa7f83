import type { compile } from '@jmespath-community/jmespath';

type Node = ReturnType<typeof compile>;

/** Nodes that look into what is on their left. */
const lookups = new Set(['Subexpression', 'IndexExpression', 'FilterProjection', 'ValueProjection', 'Projection']);

/**
 * Lets `!` bind weaker than a path: `!params.dry_run` is `!(params.dry_run)`.
 *
 * The parser reads it as `(!params).dry_run`, which looks for a field in a truth value and so is always null: nobody can mean
 * that, and a condition written so would skip its step without a word.
 */
export function liftNot(node: Node): Node {
  const lifted = Object.fromEntries(
    Object.entries(node).map(([name, value]) => [name, node.type === 'Literal' ? value : liftIn(value)]),
  ) as Node;
  if (!lookups.has(lifted.type) || !('left' in lifted) || lifted.left.type !== 'NotExpression') return lifted;
  return { type: 'NotExpression', child: { ...lifted, left: lifted.left.child } } as Node;
}

function liftIn(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(liftIn);
  return value !== null && typeof value === 'object' && 'type' in value ? liftNot(value as Node) : value;
}
