/**
 * Everything long-lived has this shape.
 *
 * `stop` before `start`, a second `stop`, and `start` after a failed `start` are legal. `stop` drains and leaves no timer,
 * listener or connection behind.
 */
export interface Service {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts services in order; when one fails, stops those already started, the last first, and throws why it failed. */
export async function startAll(services: readonly Service[]): Promise<void> {
  for (const [index, service] of services.entries()) {
    try {
      await service.start();
    } catch (error) {
      // What goes wrong while stopping is a consequence, and must not hide the cause.
      await stopAll(services.slice(0, index + 1)).catch(() => undefined);
      throw error;
    }
  }
}

/** Stops services, the last first. Every one is stopped; the first failure is thrown at the end. */
export async function stopAll(services: readonly Service[]): Promise<void> {
  const failures: unknown[] = [];
  for (const service of services.toReversed()) {
    try {
      await service.stop();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
