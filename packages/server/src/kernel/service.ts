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
export const stopAll = (services: readonly Service[]): Promise<void> =>
  inTurn(services.toReversed().map((service) => () => service.stop()));

/** Stops services side by side. Every one is waited for; the first failure is thrown at the end. */
export async function stopTogether(services: readonly Service[]): Promise<void> {
  const outcomes = await Promise.allSettled(services.map(async (service) => service.stop()));
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}

/** Does one after another, also after one that has failed; the first failure is thrown at the end. */
export async function inTurn(steps: readonly (() => unknown)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
