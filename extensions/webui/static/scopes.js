/**
 * Whether what is granted includes a scope: a granted one may have `*` for any one of its parts, and `*` alone is everything. The
 * server decides; this only spares people a form that would be refused.
 */
export const includesScope = (granted, wanted) => granted.some((scope) => scope === '*' || coversParts(scope, wanted));

function coversParts(granted, wanted) {
  const have = granted.split(':');
  const want = wanted.split(':');
  return have.length === want.length && have.every((part, index) => part === '*' || part === want[index]);
}
