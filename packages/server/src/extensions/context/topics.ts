import type { StreamEvent } from '@ordinaut/kit';
import { compileTopicGlob } from '../../kernel/topic-glob.ts';

/** Finds the declared pattern that a topic, or a narrower pattern, falls under; null where none does. */
export function declaredFor(wanted: string, declared: readonly string[]): string | null {
  if (declared.includes(wanted)) return wanted;
  // A star of the wanted pattern is a character like any other here, so that only what is at least as wide matches it.
  return declared.find((pattern) => !pattern.includes('?') && compileTopicGlob(pattern)(wanted)) ?? null;
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
