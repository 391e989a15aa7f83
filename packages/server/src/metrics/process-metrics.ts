import type { Registry } from 'prom-client';

/**
 * CPU, memory, event loop and garbage collection of this process, by prom-client.
 *
 * It watches garbage collection and event loop from the first scrape on, for as long as the process lives: it has no way to
 * end that, so there is one registry for the process and not one for each server in it. Nothing of it keeps the process alive.
 */
let registry: Promise<Registry> | undefined;

/** In the text format 0.0.4. */
export async function processMetrics(): Promise<string> {
  registry ??= begin();
  const text = await (await registry).metrics();
  // prom-client 15.1 writes what it has no samples of, as the event loop between two quick scrapes, other than the format does.
  return text.replaceAll(/ Nan$/gm, ' NaN');
}

async function begin(): Promise<Registry> {
  const { collectDefaultMetrics, Registry: NewRegistry } = await import('prom-client');
  const register = new NewRegistry();
  collectDefaultMetrics({ register });
  return register;
}
