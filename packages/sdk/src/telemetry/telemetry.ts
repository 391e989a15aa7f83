import type { CallInfo, ClientEvent, Observer } from './events.ts';

interface Channel {
  readonly hasSubscribers: boolean;
  publish(message: unknown): void;
}

interface Channels {
  channel(name: string): Channel;
}

/** Tells observers and `node:diagnostics_channel` what a client does. */
export class Telemetry {
  readonly #observers: Set<Observer>;
  readonly #channels = diagnosticsChannel();

  constructor(observers: readonly Observer[]) {
    this.#observers = new Set(observers);
  }

  get hasObservers(): boolean {
    return this.#observers.size > 0;
  }

  emit(event: ClientEvent): void {
    for (const observer of this.#observers) this.#guard(observer, () => observer.observe(event));
    const channel = this.#channels?.channel(`ordinaut.sdk.${event.type}`);
    if (channel?.hasSubscribers) channel.publish(event);
  }

  headersOf(call: CallInfo): Record<string, string> {
    const headers: Record<string, string> = {};
    for (const observer of this.#observers) {
      this.#guard(observer, () => Object.assign(headers, observer.headersOf?.(call)));
    }
    return headers;
  }

  /** Who only watches must not break what is watched. */
  #guard(observer: Observer, act: () => unknown): void {
    try {
      act();
    } catch (error) {
      this.#observers.delete(observer);
      console.error('An observer of @ordinaut/sdk has thrown, and is not called any more:', error);
    }
  }
}

/** Node, Bun and Deno have the module. It is not imported: bundles for browsers could not resolve it. */
function diagnosticsChannel(): Channels | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): unknown } };
  try {
    return process?.getBuiltinModule?.('node:diagnostics_channel') as Channels | undefined;
  } catch {
    return undefined;
  }
}
