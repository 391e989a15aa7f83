import type { StreamEvent } from '@ordinaut/kit';
import { compileTopicGlob } from '../../kernel/topic-glob.ts';

/** Finds the declared pattern that a topic, or a pattern that is not wider, falls under; null where none does. */
export const declaredFor = (wanted: string, declared: readonly string[]): string | null =>
  declared.includes(wanted) ? wanted : (declared.find((pattern) => covers(pattern, wanted)) ?? null);

/**
 * Whether everything that `wanted` matches is matched by `pattern`; sometimes no where it is yes, never the other way round. A star of
 * `wanted` is held against the pattern as a character like any other, so that only what is at least as wide matches it; `**` has to
 * fit as no name, as one, and as more than the pattern has names.
 */
function covers(pattern: string, wanted: string): boolean {
  if (pattern.includes('?')) return false;
  const matches = compileTopicGlob(pattern);
  const names = wanted.split('.');
  if (!names.includes('**')) return matches(wanted);
  return [0, 1, pattern.split('.').length + 1].every((count) => {
    const stars = Array.from({ length: count }, () => '*');
    const variant = names.flatMap((name) => (name === '**' ? stars : [name]));
    return variant.length === 0 || matches(variant.join('.'));
  });
}

interface Subscriber {
  readonly pattern: string;
  /** The pattern of the manifest whose events it gets. */
  readonly declared: string;
  readonly matches: (topic: string) => boolean;
  readonly handler: (event: StreamEvent) => unknown;
}

/** The handlers of one generation. The events come to the patterns of the manifest, which stay while generations change. */
export class Topics {
  readonly #subscribers = new Set<Subscriber>();

  /** @returns takes the handler away. */
  add(pattern: string, declared: string, handler: (event: StreamEvent) => unknown): () => void {
    const subscriber = { pattern, declared, matches: compileTopicGlob(pattern), handler };
    this.#subscribers.add(subscriber);
    return () => void this.#subscribers.delete(subscriber);
  }

  /** Calls the handlers for an event that came to a pattern of the manifest, one after another. */
  async deliver(declared: string, event: StreamEvent): Promise<void> {
    for (const subscriber of this.#subscribers) {
      if (subscriber.declared === declared && subscriber.matches(event.topic)) await subscriber.handler(event);
    }
  }
}
