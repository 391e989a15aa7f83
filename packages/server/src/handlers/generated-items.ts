/** What a pipeline has made. */
export interface GeneratedItems {
  /** The data of the events. */
  readonly items: readonly unknown[];
  /** How many items were no events. */
  readonly filtered: number;
}

/**
 * The events in the output of a pipeline: its list `events`, itself where it is a list, otherwise itself as the one event. An item that
 * is null or false is none.
 */
export function generatedItems(output: unknown): GeneratedItems {
  const named = typeof output === 'object' && output !== null && 'events' in output ? output.events : null;
  const all: readonly unknown[] = Array.isArray(named) ? named : Array.isArray(output) ? output : [output];
  const items = all.filter((item) => item !== null && item !== false);
  return { items, filtered: all.length - items.length };
}
