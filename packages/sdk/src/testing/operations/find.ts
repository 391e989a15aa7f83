import type { World } from '../call.ts';
import type { TestPrincipal } from '../state.ts';
import { notFound } from '../test-error.ts';

/** An entry that has to be there. @param what how people call it, for the error. */
export function found<Value>(map: ReadonlyMap<string, Value>, what: string, id: string): Value {
  const value = map.get(id);
  if (value === undefined) throw notFound(what, id);
  return value;
}

export const isoNow = ({ clock }: Pick<World, 'clock'>): string => new Date(clock.now()).toISOString();

/** Who is named so, or has this id; deleted ones are found by nobody. */
export const principalOf = (
  { state }: Pick<World, 'state'>,
  kind: TestPrincipal['kind'],
  by: string,
): TestPrincipal | undefined =>
  state.principals.find(
    (one) => one.kind === kind && !one.deleted && (one.id === by || one.name.toLowerCase() === by.toLowerCase()),
  );
